"""Errors a user can cause, and the one that is ours."""

from __future__ import annotations

from typing import Any


class InputError(ValueError):
    """Bad input (exit code 2): every problem of one file at once, each with file, key, value, unit and fix."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(self.render())

    def render(self) -> str:
        """One problem in one line, several as bullets under their number."""
        if len(self.problems) == 1:
            return self.problems[0]
        return "\n".join(
            [f"{len(self.problems)} problems:", *(f"  - {problem}" for problem in self.problems)]
        )


class CertificateError(RuntimeError):
    """A plan failed its independent check (exit code 1): a bug, never a result; `record` reproduces it (`plan.dump`)."""

    def __init__(self, message: str, record: dict[str, Any] | None = None) -> None:
        self.record = record or {}
        super().__init__(message)
