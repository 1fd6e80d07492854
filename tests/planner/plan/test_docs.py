"""docs/trust.md keeps up with the code: its files, options, dumps and figures are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from planner import checks, cli
from planner.certificate import certificate
from planner.explain import bisect, change, sensitivity, why_not

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")


def test_files_that_it_names_exist() -> None:
    named = re.findall(r"`((?:planner|tests)/[\w/]+\.py)`", TEXT)
    assert len(named) >= 3
    assert all((ROOT / name).exists() for name in named)
    assert all((ROOT / "docs" / name).exists() for name in re.findall(r"\((\w+\.md)\)", TEXT))


def test_options_that_it_names_exist(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in ("solve", "explain"):
        options = {
            o for line in re.findall(rf"fleetplan {command} .*", TEXT) for o in re.findall(r"--[\w-]+", line)
        }
        monkeypatch.setattr("sys.argv", ["fleetplan", command, "--help"])
        with pytest.raises(SystemExit):
            cli.main()
        shown = capsys.readouterr().out
        assert options and all(option in shown for option in options), options


def test_figures_that_it_states_are_those_of_the_code() -> None:
    assert f"relative {checks.TOLERANCE:.0e}".replace("e-06", "e-6") in TEXT
    assert f"limits are {certificate.SMALL_LIMIT} and up" in TEXT
    assert f"| {bisect.RESOLUTION:.1%} |".replace("%", " %") in TEXT
    assert f"| {change.VERIFY_GAP / 10:.1%} |".replace("%", " %") in TEXT
    assert f"solved to {sensitivity.HEADROOM_GAP:.1%}".replace("%", " %") in TEXT
    assert f"{why_not.MARGIN:.0%} below".replace("%", " %") in TEXT
    steps = " and ".join(f"+{step:.0%}".replace("%", " %") for step in sensitivity.DEMAND_STEPS)
    assert steps in TEXT
