"""A lab of a whole class: prepare, execute, record; then once more, alone, what came back open or not at all.

What is graded already is not done again: a submission counts as the same if its files are, and a question if it asks
the same. So a run that was killed goes on where it was, and says how much it found done.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from autograder.grading.book import Graded
from autograder.grading.cluster import Lost, Workers
from autograder.grading.marks import asked_by, undecided
from autograder.grading.prepare import Prepared, Refused, prepare, submission_of
from autograder.grading.record import Recorder
from autograder.grading.sinks import Sink
from autograder.jobs import Question, Result

TWICE = "It could not be graded, twice: {}. A person has to look at it."


@dataclass
class Tally:
    """How far a run is. Only names are kept, so that a class of any size fits."""

    resumed: int = 0
    graded: int = 0
    refused: int = 0
    again: dict[str, tuple[str, ...]] = field(default_factory=dict)  # open questions by student; none: all of them


@dataclass
class Run:
    """One run over some submissions of a lab."""

    recorder: Recorder
    sink: Sink
    already: dict[str, Graded]
    workers: Callable[[], Workers]  # started when the first is needed
    again: bool = False
    told: Callable[[Tally], None] = lambda _: None
    tally: Tally = field(default_factory=Tally)

    def grade(self, students: list[str]) -> Tally:
        """Grade them all. Raises only what stops the whole run: no gradebook, no disk, no workers."""
        jobs = self._jobs(students)
        first = next(jobs, None)
        if first is not None:
            for prepared, outcome in self.workers().run(_chained(first, jobs)):
                self._land(prepared, outcome)
        for student, names in self.tally.again.items():
            self._alone(student, names)
        return self.tally

    def _jobs(self, students: list[str]) -> Iterator[Prepared]:
        """What has to be run, made ready one by one."""
        source = self.recorder.source
        for student in students:
            submitted = submission_of(source, student)
            before = self.already.get(student)
            if before and not self.again and before.digest == submitted.digest and self._is_done(before):
                self._resume(before)
                continue
            match prepare(source, student, submitted):
                case Refused() as refused:
                    self.sink.refuse(refused)
                    self.tally.refused += 1
                    self.told(self.tally)
                case Prepared() as prepared:
                    kept = self.again or (before is not None and before.digest == submitted.digest)
                    yield prepared.asking(as_before(prepared.job.questions, before)) if kept else prepared

    def _is_done(self, before: Graded) -> bool:
        asked = {question.grade_id: asked_by(question) for question in self.recorder.source.questions}
        same = asked == {name: mark.question for name, mark in before.marks.items()}
        return same and self.recorder.is_written(before.student)

    def _resume(self, before: Graded) -> None:
        still_open = tuple(mark.grade_id for mark in before.marks.values() if mark.points is None and not mark.alone)
        if still_open:
            self.tally.again[before.student] = still_open
        self.tally.resumed += 1
        self.told(self.tally)

    def _land(self, prepared: Prepared, outcome: Result | Lost) -> None:
        if isinstance(outcome, Lost):
            self.tally.again[prepared.student] = ()
            return
        marks = self.sink.save(prepared, outcome)
        if still_open := tuple(mark.grade_id for mark in marks if mark.points is None):
            self.tally.again[prepared.student] = still_open
        self.tally.graded += 1
        self.told(self.tally)

    def _alone(self, student: str, names: tuple[str, ...]) -> None:
        """Once more, with nothing beside it: what is open after that is for a person."""
        prepared = prepare(self.recorder.source, student)
        if isinstance(prepared, Refused):  # it was exchanged meanwhile
            self.sink.refuse(prepared)
            return
        before = self.recorder.book.graded(self.recorder.source.lab, student).get(student)
        same = before is not None and before.digest == prepared.digest
        questions = as_before(prepared.job.questions, before) if same or self.again else prepared.job.questions
        if names and (same or self.again):
            questions = tuple(question for question in questions if question.grade_id in names)
        prepared = prepared.asking(questions)
        for _, outcome in self.workers().run(iter([prepared])):
            if isinstance(outcome, Lost):
                outcome = _undecided(prepared, TWICE.format(outcome.reason))
            self.sink.save(prepared, outcome, alone=True)
        if not names:
            self.tally.graded += 1
        self.told(self.tally)


def as_before(questions: tuple[Question, ...], before: Graded | None) -> tuple[Question, ...]:
    """The questions with the seeds and sizes that were kept with their marks."""
    kept = before.marks if before else {}
    return tuple(
        replace(one, seed=kept[one.grade_id].seed, size=kept[one.grade_id].size) if one.grade_id in kept else one
        for one in questions
    )


def places(wanted: int | None, jobs: int) -> int:
    """How many workers: running is mostly waiting, so there are more of them than cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(wanted or 3 * cores, jobs))


def _chained(first: Prepared, jobs: Iterator[Prepared]) -> Iterator[Prepared]:
    yield first
    yield from jobs


def _undecided(prepared: Prepared, reason: str) -> Result:
    job = prepared.job
    marks = tuple(undecided(question, reason) for question in job.questions)
    return Result(job.student, job.lab, job.notebook, marks, (), 0.0)


class Lazily:
    """Workers that are started when the first job is there, and not for a run that finds all of it done."""

    def __init__(self, stack: ExitStack, start: Callable[[], object]) -> None:
        self._stack, self._start, self._workers = stack, start, None

    def __call__(self) -> Workers:
        if self._workers is None:
            self._workers = self._stack.enter_context(self._start())  # type: ignore[arg-type]
        return self._workers
