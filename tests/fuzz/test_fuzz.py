"""Mutated files of every format: an answer or a message, never a traceback, a hang or a silent end."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.formats import Format, formats
from tests.fuzz.judge import ANSWERED, ending
from tests.fuzz.mutations import mutated

NAMES = tuple(found.name for found in formats())
IN_CI, LONGER = 40, 600
"""Mutations of each format: about 1,000 in CI, more than 12,000 with `-m long`."""


@pytest.mark.parametrize("name", NAMES)
def test_the_right_file_is_answered(
    name: str, known_formats: dict[str, Format], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_formats[name].write(tmp_path)
    for command in known_formats[name].commands:
        end = ending(monkeypatch, command, tmp_path)
        assert end.code == ANSWERED, end.err or end.crash


@pytest.mark.parametrize("name", NAMES)
def test_mutations_end_in_an_answer_or_a_message(
    name: str, known_formats: dict[str, Format], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attack(known_formats[name], range(IN_CI), tmp_path, monkeypatch)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_many_mutations(
    name: str, known_formats: dict[str, Format], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attack(known_formats[name], range(IN_CI, LONGER), tmp_path, monkeypatch)


def attack(found: Format, seeds: range, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every command over mutations of a format; what must not be is told with its seed."""
    found.write(folder)
    wrong: list[str] = []
    for seed in seeds:
        content = mutated(random.Random(f"{found.name} {seed}"), found.content, found.form)
        (folder / found.target).write_bytes(content)
        for command in found.commands:
            end = ending(monkeypatch, command, folder)
            if end.wrong:
                wrong.append(f"seed {seed}, {' '.join(command)}: {end.wrong}\n{content[:400]!r}")
    assert not wrong, "\n\n".join(wrong)
