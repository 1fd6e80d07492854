"""Ask: from the config's question to the optimisation that answers it."""

from __future__ import annotations

from planner.options.build import OptionSource
from planner.questions.answer import Answer
from planner.questions.optimise import Goal, optimise

COST = Goal("cost", "minimise", "$/h", lambda data: data.money_unit)


def ask(source: OptionSource) -> Answer:
    """Answer the question of the source's study."""
    return optimise(source, COST)
