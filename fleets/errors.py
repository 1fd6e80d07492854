"""Errors of the catalogue: every problem of a file at once, each with the key, the value and the fix."""

from __future__ import annotations


class CatalogError(ValueError):
    """Data that cannot be used; `problems` lists every reason found."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UnknownName(CatalogError):  # noqa: N818 (says what it is)
    """A name that is not in the catalogue; `nearest` are the names that look like it."""

    def __init__(self, kind: str, name: str, nearest: list[str]) -> None:
        hint = f"; did you mean {', '.join(nearest)}?" if nearest else f"; see `fleetplan catalog {kind}s`"
        super().__init__([f"unknown {kind} '{name}'{hint}"])
        self.kind, self.name, self.nearest = kind, name, nearest
