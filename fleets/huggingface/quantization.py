"""Where a checkpoint says how it is quantised: in its config, under today's key or an older one, or beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleets.loading import read_yaml

KEYS = ("quantization_config", "compression_config")
"""Today's key, and that of compressed tensors before 0.5."""
BESIDE = ("hf_quant_config.json", "quantize_config.json", "quant_config.json")
"""Files of NVIDIA's ModelOpt, AutoGPTQ and AutoAWQ."""


TEXT_KEYS = ("text_config", "llm_config", "language_config", "thinker_config")
"""Where multimodal configs have their text model."""


def text_model(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of a config that is about text: all of it, or one of the parts that multimodal models have."""
    for key in TEXT_KEYS:
        inner = data.get(key)
        if isinstance(inner, Mapping):
            return text_model(inner)
    return data


def find_quantization(data: Mapping[str, Any], source: str | Path | Mapping[str, Any]) -> Any:
    """What is said of quantisation, of the whole model or its text model; None where nothing is."""
    for part in (data, text_model(data)):
        for key in KEYS:
            if part.get(key) is not None:
                return part[key]
    if isinstance(source, Mapping):
        return None
    path = Path(source)
    for name in BESIDE:
        stem = path.stem.removesuffix("_config")
        for beside in (path.with_name(called) for called in (name, f"{path.stem}.{name}", f"{stem}_{name}")):
            if beside.is_file():
                return _by_tool(name, read_yaml(beside, beside.name))
    return None


def _by_tool(name: str, settings: Any) -> Any:
    """Settings with the method that the file's name stands for, where they do not name it themselves."""
    method = {"quantize_config.json": "gptq", "quant_config.json": "awq"}.get(name)
    if method is None or not isinstance(settings, Mapping):
        return settings
    return {"quant_method": method, **settings}
