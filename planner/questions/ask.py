"""Ask a problem its question: which object answers what its config asks."""

from __future__ import annotations

from planner.problem.answer import Answer
from planner.problem.problem import Problem
from planner.questions.frontier import TracedFrontier
from planner.questions.minimise import Minimise
from planner.questions.pace import FastestPace
from planner.questions.question import Question
from planner.questions.throughput import MostThroughput

QUESTIONS: dict[str, type[Question]] = {
    "minimise": Minimise,
    "throughput": MostThroughput,
    "pace": FastestPace,
    "frontier": TracedFrontier,
}
"""By form, as the config's `Question.form` has it."""


def question_of(problem: Problem) -> Question:
    """The question of the problem's config."""
    return QUESTIONS[problem.study.config.question.form](problem)


def ask(problem: Problem) -> Answer:
    """The answer to the config's question; raises `InputError` where the study cannot be asked it."""
    return question_of(problem).answer()
