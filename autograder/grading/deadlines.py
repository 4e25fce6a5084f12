"""When labs are due, who has longer, and what lateness costs: all in `deadlines.csv`, at the top of the clone.

    lab,student,due,timezone,grace_minutes,percent_per_day,most_percent
    lab01,,2026-10-12 23:59,Europe/Berlin,15,10,50
    lab01,ada,2026-10-19 23:59,,,,

A row without a student is the lab's rule: after `due` and `grace_minutes`, each day that has begun costs
`percent_per_day` of the mark, up to `most_percent` (100, unless told). A row with a student is an extension: what
it leaves empty is as in the lab's rule. Times are those of `timezone` (UTC, unless told). Lines that begin with # are
comments.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autograder.grading.course import CourseError, short

FILE = "deadlines.csv"
COLUMNS = ("lab", "student", "due", "timezone", "grace_minutes", "percent_per_day", "most_percent")


@dataclass(frozen=True)
class Rule:
    """When a student has to hand in a lab, and what each day after it costs."""

    due: datetime  # UTC
    zone: str = "UTC"
    grace: timedelta = timedelta()
    percent: float = 0.0  # of the mark, for each day that has begun
    most: float = 100.0
    extension: timedelta = timedelta()  # longer than the others


@dataclass(frozen=True)
class Deadlines:
    """All the rules: by lab, and by lab and student."""

    rules: dict[tuple[str, str], Rule]

    def rule(self, lab: str, student: str) -> Rule | None:
        """The rule for a student's submission, or None where nothing was said of the lab."""
        for name in (lab, short(lab)):
            for key in ((name, student), (name, "")):
                if key in self.rules:
                    return self.rules[key]
        return None


def read_deadlines(root: Path) -> Deadlines:
    """The deadlines of a course; none, where there is no file. Raises CourseError with the line that can't be read."""
    path = root / FILE
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Deadlines({})
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{FILE} can't be read: {error}") from error
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip() and line[0] != "#"]
    rows = csv.DictReader(line for _, line in lines)
    if rows.fieldnames is None or not set(rows.fieldnames) <= set(COLUMNS) or "due" not in rows.fieldnames:
        raise CourseError(f"{FILE} has to begin with the line  {','.join(COLUMNS)}")
    said = [(number, _stripped(row)) for (number, _), row in zip(lines[1:], rows, strict=False)]
    rules: dict[tuple[str, str], Rule] = {}
    for number, row in sorted(said, key=lambda one: bool(one[1]["student"])):  # rules first, then who has longer
        key = (row["lab"], row["student"])
        if not row["lab"] or key in rules:
            raise CourseError(f"{FILE}, line {number}: say the lab, and each lab or student once.")
        rules[key] = _rule(number, row, rules.get((row["lab"], "")))
    return Deadlines(rules)


def _moment(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _stripped(row: dict[str, str | None]) -> dict[str, str]:
    return {column: (row.get(column) or "").strip() for column in COLUMNS}


def _rule(number: int, row: dict[str, str], of_the_lab: Rule | None) -> Rule:
    try:
        zone = row["timezone"] or (of_the_lab.zone if of_the_lab else "UTC")
        base = of_the_lab or Rule(datetime.max.replace(tzinfo=UTC))
        rule = replace(
            base,
            due=_moment(row["due"], zone) if row["due"] else base.due,
            zone=zone,
            grace=timedelta(minutes=float(row["grace_minutes"])) if row["grace_minutes"] else base.grace,
            percent=float(row["percent_per_day"]) if row["percent_per_day"] else base.percent,
            most=float(row["most_percent"]) if row["most_percent"] else base.most,
        )
    except ZoneInfoNotFoundError:
        raise CourseError(f"{FILE}, line {number}: there is no time zone {row['timezone']!r}.") from None
    except (ValueError, OverflowError) as error:
        raise CourseError(f"{FILE}, line {number}: {error}. A time is written 2026-10-12 23:59.") from None
    if rule.due.year == datetime.max.year:
        raise CourseError(f"{FILE}, line {number}: say when {row['lab']} is due.")
    if not (0 <= rule.percent <= 100 and 0 <= rule.most <= 100 and rule.grace >= timedelta()):
        raise CourseError(f"{FILE}, line {number}: a percentage lies between 0 and 100, and no time is negative.")
    return replace(rule, extension=rule.due - of_the_lab.due) if of_the_lab and row["student"] else rule
