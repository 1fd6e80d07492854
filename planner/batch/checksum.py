"""Checksums of a run's tables, as `sha256sum` writes and checks them: a damaged file is refused before it is parsed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from planner.errors import InputError


def write_checksum(path: Path, content: Path) -> None:
    """Write the checksum of what lies in `content` as that of `path`, beside it."""
    _beside(path).write_text(f"{_digest(content)}  {path.name}\n", encoding="utf-8")


def verify(path: Path) -> None:
    """Raise `InputError` where a file is not what its checksum says; one without a checksum is taken as it is."""
    try:
        known = _beside(path).read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError):
        known = []
    if known[:1] != [_digest(path)]:
        raise InputError([f"{path}: is damaged (its checksum is another); run the batch again, it resumes"])


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
