"""Ask a study its question: which optimisation answers it, and the simplest plan among the best."""

from __future__ import annotations

from planner.errors import InputError
from planner.options.build import OptionSource
from planner.problem.answer import Answer
from planner.problem.optimise import optimise
from planner.questions.goals import goal_of
from planner.questions.pace import fastest
from planner.questions.simplify import simplify
from planner.questions.throughput import most_throughput


def ask(source: OptionSource) -> Answer:
    """The answer to the config's question: minimise cost | gpus | power, maximise throughput | pace.

    Raises `InputError` where throughput has no end, and for a frontier, which has many answers
    (`planner.questions.frontier.trace`).
    """
    question = source.study.config.question
    if question.frontier is not None:
        raise InputError(
            [f"{source.study.file}: question.frontier has many answers, not one plan; trace it as a frontier"]
        )
    if question.maximise == "throughput":
        return most_throughput(source)
    if question.maximise == "pace":
        return fastest(source)
    goal = goal_of(question)
    return simplify(optimise(source, goal), goal)
