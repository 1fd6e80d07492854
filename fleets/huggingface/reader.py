"""Reads one Hugging Face config into an `Architecture`, or refuses it naming the fields it does not know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleets.errors import CatalogError
from fleets.huggingface.blocks import read_blocks
from fleets.huggingface.compact import compact
from fleets.huggingface.families import CONVERTED, CONVERTED_BLOCKS, FAMILIES, FOREIGN_KEYS, UNKNOWN, Family
from fleets.huggingface.fields import Fields
from fleets.huggingface.heads import MTP_KEYS, TOWERS, lookup_parameters, read_head, tower_parameters
from fleets.huggingface.layers import read_layers
from fleets.huggingface.patterns import pattern_length
from fleets.huggingface.precision import read_precision
from fleets.huggingface.quantization import KEYS, TEXT_KEYS, find_quantization, text_model
from fleets.loading import read_yaml, validate
from fleets.schema.architectures import Architecture

RECURRENT_KEYS = ("mamba_", "ssm_", "linear_", "lightning_")
DEPTH_KEYS = ("num_hidden_layers", "num_layers", "n_layers", "n_layer")


def read_config(source: str | Path | Mapping[str, Any], name: str | None = None) -> Architecture:
    """The architecture of a Hugging Face config, a path or the parsed mapping.

    `name` is the architecture's name; default: the config's `_name_or_path`, else the file's name or its
    folder's. Multimodal configs are read by their text model; towers count as memory. A model type that is not known is
    read by its keys, if all that may matter are understood. Raises `CatalogError` naming each field that is missing or
    not understood, and where a name says that the checkpoint is quantised while no file does; nothing is guessed. The
    note names keys that were not used.
    """
    if isinstance(source, Mapping):
        data, file = source, "config"
    else:
        path = Path(source)
        data, file = read_yaml(path), path.name
    if not isinstance(data, Mapping):
        raise CatalogError([f"{file}: expected the keys and values of a Hugging Face config"])
    text = text_model(data)
    fields = Fields(data if text is data else _merged(data, text), file)
    family, gated = _family(fields)
    fields.raise_problems()
    depth, width = _depth(fields), fields.required("hidden_size")
    layers = read_layers(fields, family, gated, depth, width)
    quantization = find_quantization(data, source)
    precision = read_precision(fields, quantization, layers or [], _names(data, source))
    blocks = read_blocks(fields, quantization)
    vocabulary = fields.required("padded_vocab_size" if fields.has("padded_vocab_size") else "vocab_size")
    tied = _tied(fields, family)
    streams = fields.first("hc_mult") or 1
    fields.raise_problems()
    if layers is None:
        raise CatalogError([f"{file}: its layers could not be read"])
    head = read_head(fields, layers)
    _refuse_foreign_layers(fields)
    _only_known_keys(fields, family)
    fields.raise_problems()
    shape = {
        "name": name or _name(data, source),
        "d_model": width,
        "vocabulary": vocabulary,
        **compact(layers, head, precision.head),
        "tied_embeddings": tied,
        "residual_streams": streams,
        "encoder_parameters": tower_parameters(data),
        "lookup_parameters": lookup_parameters(fields, depth),
        "weight_precision": precision.weights,
        "attention_weight_precision": precision.attention,
        "dense_weight_precision": precision.dense,
        "embedding_weight_precision": precision.embedding,
        "fp8_block_size": blocks if precision.weights == "fp8" else None,
        "kv_precision": precision.kv,
        "note": " ".join([*_notes(data, fields, family), precision.note]).strip(),
    }
    return validate(Architecture, shape, file)


def _depth(fields: Fields) -> int:
    """Number of layers, stated or as many as a pattern has."""
    if not any(fields.has(key) for key in DEPTH_KEYS):
        return pattern_length(fields) or fields.required("num_hidden_layers")
    return fields.required(*DEPTH_KEYS)


def _tied(fields: Fields, family: Family) -> bool:
    """Whether both embeddings are one; as its family does where a config does not say it."""
    return fields.flag(
        "tie_word_embeddings" if fields.has("tie_word_embeddings") else "tie_embedding", family.tied
    )


def _only_known_keys(fields: Fields, family: Family) -> None:
    """A type that nobody described must say nothing that is not understood."""
    if not family.known:
        for key in _unused(fields):
            fields.refuse(
                key, f"is not understood, and model_type {fields.data.get('model_type')!r} is not known"
            )


def _names(data: Mapping[str, Any], source: str | Path | Mapping[str, Any]) -> tuple[str, ...]:
    """Everything that a checkpoint is called, any of which may say how it is quantised."""
    given = str(data.get("_name_or_path") or "")
    return (given,) if isinstance(source, Mapping) else (given, Path(source).stem, *_path_names(source))


def _path_names(source: str | Path) -> tuple[str, str]:
    """What the repository is called that a Hugging Face cache keeps a file of, empty elsewhere; and the file's folder.

    Links are not followed: a cache's lead to files that are called by their checksums.
    """
    path = Path(source).absolute()
    return next((part for part in path.parts if part.startswith("models--")), ""), path.parent.name


def _merged(data: Mapping[str, Any], text: Mapping[str, Any]) -> dict[str, Any]:
    """The text model of a multimodal config; the outer file may state tied embeddings and the dtype."""
    outer = {
        key: data[key] for key in ("tie_word_embeddings", "torch_dtype", "dtype", "model_type") if key in data
    }
    return {**outer, **text}


def _family(fields: Fields) -> tuple[Family, bool]:
    """Facts of the model type, and whether its feed-forward block is gated."""
    model_type = fields.data.get("model_type")
    block = fields.data.get("mlp_class", fields.data.get("mlp_type"))
    known = FAMILIES.get(str(model_type))
    if isinstance(block, str):
        key = "mlp_class" if "mlp_class" in fields.data else "mlp_type"
        if block not in CONVERTED_BLOCKS:
            fields.refuse(key, f"is not one of {', '.join(CONVERTED_BLOCKS)}")
        return known or CONVERTED, CONVERTED_BLOCKS.get(block, True)
    if not isinstance(model_type, str):
        fields.refuse("model_type", "is not understood; write the architecture as YAML")
    family = known or UNKNOWN
    return family, _gated(fields) if family.gated is None else family.gated


def _gated(fields: Fields) -> bool:
    """Whether feed-forward blocks are gated, by the activation: SwiGLU everywhere, squared ReLU nowhere."""
    activation = next(
        (fields.data[key] for key in ("hidden_act", "hidden_activation") if key in fields.data), None
    )
    if activation in ("silu", "swish", "swiglu", "swigluoai"):
        return True
    if activation not in ("relu2", "squared_relu"):
        fields.refuse(
            "model_type", f"is not understood, nor whether blocks with hidden_act {activation!r} are gated; "
            "write the architecture as YAML"
        )  # fmt: skip
    return False


def _refuse_foreign_layers(fields: Fields) -> None:
    """Keys that announce layers of another kind and were of no use here; a list of all layers speaks for itself."""
    listed = any(fields.has(key) for key in ("layer_types", "layers_block_type"))
    for key in fields.unused:
        if listed and key.startswith(RECURRENT_KEYS):
            continue
        meaning = next((meaning for prefix, meaning in FOREIGN_KEYS if key.startswith(prefix)), None)
        if meaning is not None:
            fields.refuse(key, f"{meaning} cannot be expressed")


def _notes(data: Mapping[str, Any], fields: Fields, family: Family) -> list[str]:
    notes = []
    if tower_parameters(data):
        notes.append(
            "Text model; towers for images and sound count as memory alone, by the sizes of their layers."
        )
    elif text_model(data) is not data:
        notes.append("Text model only; the vision encoder is left out.")
    if fields.first(*MTP_KEYS, minimum=0):
        notes.append("Comes with a head for multi-token prediction, which speculation alone reads.")
    if not family.known:
        notes.append(f"Model type {fields.data.get('model_type')} is not known and was read by its keys.")
    unused = _unused(fields)
    if unused:
        notes.append(f"Keys not used: {', '.join(unused)}.")
    return notes


def _unused(fields: Fields) -> list[str]:
    return [key for key in fields.unused if key not in (*KEYS, *TOWERS, *TEXT_KEYS, "expert_dtype")]


def _name(data: Mapping[str, Any], source: str | Path | Mapping[str, Any]) -> str:
    given = str(data.get("_name_or_path") or "")
    if not given and not isinstance(source, Mapping):
        repository, folder = _path_names(source)
        given = repository or (folder if Path(source).stem == "config" else Path(source).stem)
    short = given.replace("--", "/").rstrip("/").rsplit("/", 1)[-1]
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", short).strip("-._+")[:80] or "unnamed"
