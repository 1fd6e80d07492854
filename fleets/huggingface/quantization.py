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


def find_quantization(data: Mapping[str, Any], source: str | Path | Mapping[str, Any]) -> Any:
    """What is said of quantisation, of the whole model or its text model; None where nothing is."""
    text = data.get("text_config")
    for part in (data, text if isinstance(text, Mapping) else {}):
        for key in KEYS:
            if part.get(key) is not None:
                return part[key]
    if isinstance(source, Mapping):
        return None
    path = Path(source)
    for name in BESIDE:
        for beside in (path.with_name(name), path.with_name(f"{path.stem}.{name}")):
            if beside.is_file():
                return _by_tool(name, read_yaml(beside, beside.name))
    return None


def _by_tool(name: str, settings: Any) -> Any:
    """Settings with the method that the file's name stands for, where they do not name it themselves."""
    method = {"quantize_config.json": "gptq", "quant_config.json": "awq"}.get(name)
    if method is None or not isinstance(settings, Mapping):
        return settings
    return {"quant_method": method, **settings}
