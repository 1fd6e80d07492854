"""Errors a user can cause, and the one that is ours."""

from __future__ import annotations

import re
from typing import Any

MOST_SHOWN = 50
"""Problems in one message; `InputError.problems` has all."""
LONGEST = 1_500
"""Characters of one problem: enough for every sentence of ours, not for whatever a file holds."""
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class InputError(ValueError):
    """Bad input (exit code 2): every problem of one file at once, each with file, key, value, unit and fix."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(self.render())

    def render(self) -> str:
        """One problem in one line, several as bullets under their number."""
        shown = [as_line(problem) for problem in self.problems[:MOST_SHOWN]]
        if len(self.problems) == 1:
            return shown[0]
        more = len(self.problems) - len(shown)
        rest = [f"  and {more:,} more"] if more else []
        return "\n".join([f"{len(self.problems)} problems:", *(f"  - {problem}" for problem in shown), *rest])


def as_line(problem: str) -> str:
    """A problem as it can be shown: without what would move a terminal's cursor, and without the middle of what is
    endless."""
    if len(problem) > LONGEST:
        problem = f"{problem[: LONGEST // 2]} … {problem[-LONGEST // 2 :]}"
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], problem)


class CertificateError(RuntimeError):
    """A plan failed its independent check (exit code 1): a bug, never a result; `record` reproduces it (`plan.dump`)."""

    def __init__(self, message: str, record: dict[str, Any] | None = None) -> None:
        self.record = record or {}
        super().__init__(message)
