"""Marks as they may be recorded: one for every question, from the judge, within its points."""

from __future__ import annotations

import html
import math
from typing import Any

from autograder.jobs import Mark, Question, Result


def checked(question: Question, result: Result) -> Mark:
    """The judge's mark for a question; one that can't be what it says it is goes to a person."""
    found = [mark for mark in result.marks if mark.grade_id == question.grade_id]
    if len(found) != 1:
        return undecided(question, f"The judge gave {len(found)} marks for this question: a person decides.")
    mark = found[0]
    if mark.points is not None and not (math.isfinite(mark.points) and 0 <= mark.points <= question.points):
        return undecided(question, f"The judge gave {mark.points} of {question.points:g} points: a person decides.")
    return mark


def undecided(question: Question, reason: str) -> Mark:
    """What a person has to decide, and why."""
    return _bare(question, None, reason)


def refusal(question: Question, reason: str) -> Mark:
    """Nothing earned, and why."""
    return _bare(question, 0.0, reason)


def asked_by(question: Question) -> list[Any]:
    """What a question asks, without the choice of runs. If that changes, it is asked again."""
    return [question.lab, list(question.parts), question.only, question.points]


def plain(text: str) -> str:
    """Text that every database takes."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def _bare(question: Question, points: float | None, reason: str) -> Mark:
    return Mark(
        grade_id=question.grade_id, points=points, most=question.points, verdicts=(),
        text=reason, html=f"<p>{html.escape(reason)}</p>", reason=reason, seed=question.seed, size=question.size,
    )  # fmt: skip
