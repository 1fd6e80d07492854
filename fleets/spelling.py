"""Spelling: names compared as people mean them, whoever wrote them: `NVIDIA-H100-80GB-HBM3` is `h100_80gb_hbm3`."""

from __future__ import annotations

import re
from collections.abc import Collection

VENDORS = frozenset(
    {"nvidia", "tesla", "geforce", "amd", "instinct", "google", "cloud", "intel", "aws", "dgx", "hgx"}
)
"""Words that vendors and clouds put before an accelerator's name, or nodes of it are called by."""
_FAMILIES = (
    re.compile(r"([a-z][a-z0-9-]*)\.(?:\d*x?large|metal(?:-\d*xl)?)"),  # AWS: p5.48xlarge
    re.compile(
        r"([a-z]{1,3}\d[a-z]*-[a-z]+)-\d+[a-z]?(?:-[a-z]+)?"
    ),  # Google: a3-highgpu-8g, ct6e-standard-8t
    re.compile(r"(?:standard_)?(n[cdv]\d+[a-z]*(?:_[a-z0-9]+)*_v\d+)"),  # Azure: Standard_ND96isr_H100_v5
    re.compile(r"(bm\.gpu(?:\.?[a-z0-9-]+)?)\.\d+"),  # Oracle: BM.GPU.H100.8
)


def spelling(name: str, left_out: Collection[str] = ()) -> str:
    """A name without case, separators and the words that are left out; of those alone, all of them."""
    words = [word for word in re.split(r"[^a-z0-9.+]+", name.lower()) if word]
    return "".join([word for word in words if word not in left_out] or words)


def instance_family(name: str) -> str:
    """The family of a cloud's instance type, without its size, lower-case; empty where the name is none."""
    matches = (pattern.fullmatch(name.lower()) for pattern in _FAMILIES)
    return next((match[1] for match in matches if match), "")
