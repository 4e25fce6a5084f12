"""What an instructor reads at the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from autograder.grading.book import Graded, Kept
from autograder.grading.sinks import Difference
from autograder.grading.source import Source

NAMELESS = "The name of its folder is no plain text of at most 128 bytes: rename the folder."


def marks_table(source: Source, graded: dict[str, Graded], nameless: Iterable[str] = ()) -> Table:
    """A row for each submission: its points by question, what the judge found, and what a person has to do."""
    table = Table(title=source.lab, title_justify="left")
    table.add_column("student", overflow="fold")
    names = [question.grade_id for question in source.questions]
    for question in source.questions:
        table.add_column(f"{question.grade_id.removeprefix('check-')}\nof {question.points:g}", justify="right")
    table.add_column("sum", justify="right")
    table.add_column("verdicts", overflow="fold", max_width=60)
    table.add_column("seconds", justify="right")
    table.add_column("for a person, or to know", overflow="fold", max_width=60)
    for student, one in graded.items():
        marks = [one.marks[name] for name in names if name in one.marks]
        total = sum(mark.points or 0.0 for mark in marks)
        cells = [points(one.marks[name].points if name in one.marks else None) for name in names]
        table.add_row(
            shown(student), *cells, f"{total:g}", shown(_verdicts(marks)), f"{one.seconds:.1f}", shown(_to_know(one))
        )
    for name in nameless:
        table.add_row(shown(name), *("-" for _ in names), "-", "", "", NAMELESS)
    return table


def differences_table(changes: Iterable[Difference]) -> Table:
    """What a regrade would change."""
    table = Table(title="What would change", title_justify="left")
    for column in ("student", "question", "before", "after", "why"):
        table.add_column(column, overflow="fold", justify="right" if column in ("before", "after") else "left")
    for one in changes:
        table.add_row(shown(one.student), shown(one.grade_id), points(one.before), points(one.after), shown(one.why))
    return table


def points(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def shown(text: str) -> Text:
    """Text in which nothing is markup and nothing moves the cursor."""
    return Text("".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text))


def _verdicts(marks: Iterable[Kept]) -> str:
    verdicts = [pair for mark in marks for pair in mark.verdicts]
    counts = Counter(verdict for _, verdict in verdicts)
    told = [f"{counts[verdict]} {verdict}" for verdict in ("holds", "to do", "missing") if counts[verdict]]
    for verdict in ("broken", "inconclusive"):
        titles = [title for title, found in verdicts if found == verdict]
        told += [f"{verdict}: {', '.join(titles)}"] if titles else []
    return "; ".join(told)


def _to_know(one: Graded) -> str:
    why: dict[str, list[str]] = {}
    for mark in one.marks.values():
        if mark.points is None:
            why.setdefault(mark.reason, []).append(mark.grade_id)
    undecided = [f"{', '.join(names)}: {reason}" for reason, names in why.items()]
    refused = [f"Not run: {one.refused}"] if one.refused else []
    return "\n".join([*undecided, *refused, *one.notes])
