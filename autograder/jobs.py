"""What the phases of grading hand to each other: a job, and what came of it. Values only, so that they can travel.

prepare -> `Job` -> execute -> `Result` -> record. Only `execute` runs student code, and it touches nothing but its job.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["holds", "broken", "inconclusive", "to do", "missing"]
Isolation = Literal["bubblewrap", "container", "none"]


@dataclass(frozen=True)
class Question:
    """What a graded cell stands for, as the instructor's source says it: the lab, the part and its points.

    `seed` and `size` choose the runs. They come from the instructor's secret, never from a submission.
    """

    grade_id: str
    lab: str  # short: lab01
    parts: tuple[str, ...]  # the names that its check is given: ("Decoder",)
    points: float
    seed: int
    size: int
    only: str = ""  # of several parts, the one whose properties are judged: check(..., only="Client")


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Times in seconds, sizes in bytes."""

    memory: int = 2 << 30  # of all its processes together
    processes: int = 64
    file: int = 64 << 20  # one file that it writes
    disk: int = 256 << 20  # all of them together
    output: int = 1 << 20  # of one cell; the rest is cut
    cell: float = 60.0
    notebook: float = 300.0
    judging: float = 600.0  # all questions together


@dataclass(frozen=True)
class Job:
    """One submission of one lab, sanitized: the notebook whose locked cells are the instructor's, and other files."""

    student: str
    lab: str  # full: lab01-framing
    notebook: bytes
    files: tuple[tuple[str, bytes], ...]  # path in the assignment's folder, content; no notebooks
    questions: tuple[Question, ...]
    limits: Limits = field(default_factory=Limits)
    isolation: Isolation = "bubblewrap"


@dataclass(frozen=True)
class Mark:
    """What the judge says of one graded cell. `points` is None only where a person has to decide; `reason` says why."""

    grade_id: str
    points: float | None
    most: float
    verdicts: tuple[tuple[str, Verdict], ...]  # by the title of each property
    text: str  # what the student reads, as plain text and as HTML that runs nothing
    html: str
    reason: str  # one sentence where the mark needs one: why it is 0, or open
    seed: int
    size: int


@dataclass(frozen=True)
class Result:
    """What came of a job: the notebook as it was run, with outputs that run nothing, and a mark for each question."""

    student: str
    lab: str
    notebook: bytes
    marks: tuple[Mark, ...]
    notes: tuple[str, ...]  # what the student and the instructor should know: "cell 5 did not end after 60 s"
    seconds: float
