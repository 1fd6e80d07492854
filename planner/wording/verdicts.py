"""Verdicts: why there is no plan, in a sentence, and what that rests on; what a plan says of its accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NONE = "no fleet within these limits can serve the workloads"
ACCURACY_TITLE = "How far off times may be (measured over predicted, of 80 % of points that a fit never saw)"
REASONS = {
    "time_limit": "The time limit came before a first plan; raise solver.time_limit_s.",
}


def why_none(termination: str, certificate: Mapping[str, Any]) -> str:
    """Why there is no plan; `certificate` as JSON holds it (`passed`, `evidence`)."""
    if termination != "infeasible":
        return REASONS.get(termination, "The solver failed; this is a bug.")
    evidence = certificate.get("evidence") or ""
    if certificate.get("passed"):
        return f"Proven: {NONE}; {evidence}." if evidence else f"Proven: {NONE}."
    return f"{NONE[0].upper()}{NONE[1:]}, {evidence or 'as the solver says'}."
