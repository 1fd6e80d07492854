"""Reads one Hugging Face config into an `Architecture`, or refuses it naming the fields it does not know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleets.errors import CatalogError
from fleets.huggingface.attention import read_attention
from fleets.huggingface.blocks import read_blocks
from fleets.huggingface.families import CONVERTED, CONVERTED_BLOCKS, FAMILIES, FOREIGN_KEYS, Family
from fleets.huggingface.fields import Fields
from fleets.huggingface.mixture import read_feed_forward
from fleets.huggingface.precision import read_precision
from fleets.huggingface.quantization import KEYS, find_quantization
from fleets.loading import read_yaml, validate
from fleets.schema.architectures import Architecture


def read_config(source: str | Path | Mapping[str, Any], name: str | None = None) -> Architecture:
    """The architecture of a Hugging Face config, a path or the parsed mapping.

    `name` is the architecture's name; default: the config's `_name_or_path`, else the file's name or its
    folder's. Multimodal configs are read by their `text_config`; the vision encoder is left out and noted, as
    are layers for multi-token prediction. Raises `CatalogError` naming each field that is missing or not
    understood, and where a name says that the checkpoint is quantised while neither the config nor an
    `hf_quant_config.json` beside it does; nothing is guessed. The note names keys that were not used.
    """
    if isinstance(source, Mapping):
        data, file = source, "config"
    else:
        path = Path(source)
        data, file = read_yaml(path), path.name
    if not isinstance(data, Mapping):
        raise CatalogError([f"{file}: expected the keys and values of a Hugging Face config"])
    text = data.get("text_config")
    fields = Fields(_merged(data, text) if isinstance(text, Mapping) else data, file)
    family, gated = _family(fields)
    _refuse_foreign_layers(fields)
    fields.raise_problems()
    layers, width = fields.required("num_hidden_layers"), fields.required("hidden_size")
    attention = read_attention(fields, family, layers, width)
    feed_forward = read_feed_forward(fields, family, gated, layers, width)
    quantization = find_quantization(data, source)
    mixture = feed_forward is not None and feed_forward.experts > 1
    names = _names(data, source, name)
    precision = read_precision(fields, quantization, mixture, names)
    blocks = read_blocks(fields, quantization)
    vocabulary = fields.required("vocab_size")
    tied = fields.flag("tie_word_embeddings", family.tied)
    fields.raise_problems()
    if attention is None or feed_forward is None:
        raise CatalogError([f"{file}: attention or feed-forward block could not be read"])
    shape = {
        "name": name or _name(data, source),
        "layers": layers,
        "d_model": width,
        "vocabulary": vocabulary,
        "attention": attention,
        "feed_forward": feed_forward,
        "tied_embeddings": tied,
        "weight_precision": precision.weights,
        "attention_weight_precision": precision.attention,
        "embedding_weight_precision": precision.embedding,
        "fp8_block_size": blocks if precision.weights == "fp8" else None,
        "kv_precision": precision.kv,
        "note": " ".join([*_notes(data, fields), precision.note]).strip(),
    }
    return validate(Architecture, shape, file)


def _names(
    data: Mapping[str, Any], source: str | Path | Mapping[str, Any], name: str | None
) -> tuple[str, ...]:
    """Everything that a checkpoint is called, any of which may say how it is quantised."""
    given = (str(data.get("_name_or_path") or ""), name or "")
    return given if isinstance(source, Mapping) else (*given, Path(source).stem, *_path_names(source))


def _path_names(source: str | Path) -> tuple[str, str]:
    """What the repository is called that a Hugging Face cache keeps a file of, empty elsewhere; and the file's folder.

    Links are not followed: a cache's lead to files that are called by their checksums.
    """
    path = Path(source).absolute()
    return next((part for part in path.parts if part.startswith("models--")), ""), path.parent.name


def _merged(data: Mapping[str, Any], text: Mapping[str, Any]) -> dict[str, Any]:
    """The text model of a multimodal config; the outer file may state tied embeddings and the dtype."""
    outer = {key: data[key] for key in ("tie_word_embeddings", "torch_dtype", "dtype") if key in data}
    return {**outer, **text}


def _family(fields: Fields) -> tuple[Family, bool]:
    """Facts of the model type, and whether its feed-forward block is gated."""
    model_type = fields.data.get("model_type")
    block = fields.data.get("mlp_class", fields.data.get("mlp_type"))
    known = FAMILIES.get(str(model_type))
    if block is not None:
        key = "mlp_class" if "mlp_class" in fields.data else "mlp_type"
        if block not in CONVERTED_BLOCKS:
            fields.refuse(key, f"is not one of {', '.join(CONVERTED_BLOCKS)}")
        return known or CONVERTED, CONVERTED_BLOCKS.get(str(block), True)
    if known is None:
        understood = ", ".join(sorted(FAMILIES))
        fields.refuse(
            "model_type", f"is not understood; write the architecture as YAML. Understood: {understood}"
        )
        return CONVERTED, True
    return known, known.gated


def _refuse_foreign_layers(fields: Fields) -> None:
    for key, value in fields.data.items():
        meaning = next((meaning for prefix, meaning in FOREIGN_KEYS if key.startswith(prefix)), None)
        if meaning is not None and value not in (None, False, 0, [], {}):
            fields.refuse(key, f"{meaning} cannot be expressed")
    kinds = fields.data.get("attn_type_list")
    if isinstance(kinds, list) and any(kind != 1 for kind in kinds):
        fields.refuse("attn_type_list", "linear-attention layers cannot be expressed")


def _notes(data: Mapping[str, Any], fields: Fields) -> list[str]:
    notes = []
    if isinstance(data.get("text_config"), Mapping):
        notes.append("Text model only; the vision encoder is left out.")
    predicted = fields.data.get("num_nextn_predict_layers") or fields.data.get("num_mtp_modules")
    used = (
        *KEYS,
        "expert_dtype",
        "num_nextn_predict_layers",
        "num_mtp_modules",
        "text_config",
    )
    unused = [key for key in fields.unused if key not in used]
    if isinstance(predicted, int) and predicted > 0:
        notes.append("Layers for multi-token prediction are left out.")
    if unused:
        notes.append(f"Keys not used: {', '.join(unused)}.")
    return notes


def _name(data: Mapping[str, Any], source: str | Path | Mapping[str, Any]) -> str:
    given = str(data.get("_name_or_path") or "")
    if not given and not isinstance(source, Mapping):
        repository, folder = _path_names(source)
        given = repository or (folder if Path(source).stem == "config" else Path(source).stem)
    short = given.replace("--", "/").rstrip("/").rsplit("/", 1)[-1]
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", short).strip("-._+")[:80] or "unnamed"
