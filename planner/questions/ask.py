"""Ask a problem its question: which object answers what its config asks."""

from __future__ import annotations

from planner.problem.answer import Answer
from planner.problem.problem import Problem
from planner.questions.frontier import TracedFrontier
from planner.questions.minimise import Minimise
from planner.questions.pace import FastestPace
from planner.questions.question import Question
from planner.questions.throughput import MostThroughput

MAXIMISING: dict[str, type[Question]] = {"throughput": MostThroughput, "pace": FastestPace}


def question_of(problem: Problem) -> Question:
    """The question of the problem's config."""
    asked = problem.study.config.question
    if asked.maximise is not None:
        return MAXIMISING[asked.maximise](problem)
    return Minimise(problem) if asked.frontier is None else TracedFrontier(problem)


def ask(problem: Problem) -> Answer:
    """The answer to the config's question; raises `InputError` where the study cannot be asked it."""
    return question_of(problem).answer()
