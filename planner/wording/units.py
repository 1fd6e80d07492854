"""Titles and units from column names: `min_ttft_ms` is `min ttft` in ms."""

from __future__ import annotations

WHOLE = {
    "usd_per_hour": ("cost", "$/h"),
    "usd_per_million_tokens": ("price", "$/M tokens"),
    "usd_per_million_input_tokens": ("price of input", "$/M tokens"),
    "usd_per_million_output_tokens": ("price of output", "$/M tokens"),
    "tokens_per_s": ("served", "tokens/s"),
    "pace_tokens_per_s": ("pace", "tokens/s per user"),
    "carbon_kg_per_hour": ("carbon", "kg/h"),
    "gpus": ("accelerators", "GPUs"),
    "gpus_total": ("accelerators", "GPUs"),
    "seconds": ("time", "s"),
    "gap": ("gap", "relative"),
    "share": ("share", "relative"),
    "worse_by": ("worse by", "relative"),
    "at_least": ("extra at least", "$/h"),
    "at_most": ("extra at most", "$/h"),
}
"""Names that would lose their meaning with their unit."""
ENDINGS = {
    "_usd_per_million_tokens": "$/M tokens",
    "_pace_tokens_per_s": "tokens/s per user",
    "_tokens_per_s": "tokens/s",
    "_requests_per_s": "requests/s",
    "_usd_per_hour": "$/h",
    "_usd": "$",
    "_ms": "ms",
    "_kw": "kW",
    "_kg_per_hour": "kg/h",
    "_kg_per_kwh": "kg/kWh",
    "_gb": "GB",
    "_gib": "GiB",
    "_s": "s",
    "_tokens": "tokens",
    "_gpus": "GPUs",
    "_percent": "%",
}
"""Endings of column names and the unit they stand for; the longest that fits counts."""


def title_and_unit(name: str) -> tuple[str, str]:
    """`min_ttft_ms` → (`min ttft`, `ms`); what follows a dot, such as a workload's name, is kept.

    Inputs of batches keep their key path: `set.workloads[chat].demand_tokens_per_s` → (`workloads[chat].demand…`,
    `tokens/s`); `times.…` are factors.
    """
    head, _, rest = name.partition(".")
    if head == "times":
        return f"{rest} ×", "factor"
    if head == "set":
        return rest, unit_of(rest.rsplit(".", 1)[-1])
    title, unit = WHOLE.get(head, ("", ""))
    if not title:
        ending = max((e for e in ENDINGS if head.endswith(e)), key=len, default="")
        title, unit = head.removesuffix(ending).replace("_", " "), ENDINGS.get(ending, "")
    return f"{title} {rest}".strip(), unit


def unit_of(name: str) -> str:
    """The unit that a name ends with, or nothing."""
    if name in WHOLE:
        return WHOLE[name][1]
    return ENDINGS.get(max((e for e in ENDINGS if name.endswith(e)), key=len, default=""), "")
