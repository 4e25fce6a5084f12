"""What lateness costs. The raw mark stays as it is; the penalty stands beside it, where nbgrader has a place for it.

nbgrader's own commands and formgrader show the same: the due date, the extension and the penalty are written into its
gradebook, and its `AssignLatePenalties` asks `LatePenalty`. Where `deadlines.csv` says nothing of a lab, all of
them are left alone.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nbgrader.api import SubmittedNotebook
from nbgrader.plugins import BasePlugin
from nbgrader.utils import parse_utc

from autograder.grading.deadlines import Rule, read_deadlines

DAY = timedelta(days=1)


def handed_in(timestamp: str) -> datetime | None:
    """When it was handed in, as nbgrader notes it (UTC, without a zone), or None where that can't be read."""
    try:
        moment = parse_utc(timestamp) if timestamp else None
    except Exception:  # the text may be anything
        return None
    return moment if isinstance(moment, datetime) else None


def days_late(rule: Rule, moment: datetime | None) -> int:
    """How many days have begun since the end of the grace."""
    if moment is None:
        return 0
    late = moment.replace(tzinfo=UTC) - rule.due
    return max(0, math.ceil((late - rule.grace) / DAY)) if late > rule.grace else 0


def penalty(rule: Rule, moment: datetime | None, raw: float) -> float:
    """What is taken off a mark.

    >>> rule = Rule(datetime(2026, 10, 12, tzinfo=UTC), percent=10, most=50)
    >>> penalty(rule, datetime(2026, 10, 13, 1), 30)
    6.0
    """
    return round(raw * min(rule.most, days_late(rule, moment) * rule.percent) / 100, 2)


def raw_mark(submitted: SubmittedNotebook) -> float:
    """The mark before any penalty, as nbgrader adds it up."""
    return sum(
        (_either(grade.manual_score, grade.auto_score) + (grade.extra_credit or 0.0)) for grade in submitted.grades
    )


def set_penalty(submitted: SubmittedNotebook, rule: Rule | None) -> None:
    """Write due date, extension and penalty where nbgrader looks for them."""
    if rule is None:
        return
    submission = submitted.assignment
    due = (rule.due - rule.extension).replace(tzinfo=None)
    if submission.assignment.duedate != due:
        submission.assignment.duedate = due
    submission.extension = rule.extension or None
    submitted.late_submission_penalty = penalty(rule, submission.timestamp, raw_mark(submitted)) or None


class LatePenalty(BasePlugin):
    """For nbgrader's own `AssignLatePenalties`: the same rule, from the same file."""

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """Called only for what is late at all."""
        caller: Any = self.parent
        rule = read_deadlines(Path(self.config.CourseDirectory.root)).rule(caller.assignment_id, student_id)
        if rule is None:
            return None
        moment = (rule.due + timedelta(seconds=total_seconds_late)).replace(tzinfo=None)
        return penalty(rule, moment, score) or None


def _either(manual: float | None, auto: float | None) -> float:
    return manual if manual is not None else auto or 0.0
