"""Where results go: at once into the gradebook; or first to the side, when there are marks that they would change."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from autograder.grading.book import Graded
from autograder.grading.marks import checked, refusal
from autograder.grading.prepare import Prepared, Refused
from autograder.grading.record import Recorder
from autograder.jobs import Mark, Result


class Sink(Protocol):
    """Takes what came of a submission, and gives its marks."""

    def refuse(self, refused: Refused) -> None: ...

    def save(self, prepared: Prepared, result: Result, *, alone: bool = False) -> tuple[Mark, ...]: ...


@dataclass(frozen=True)
class Difference:
    """A mark before and after."""

    student: str
    grade_id: str
    before: float | None
    after: float | None
    why: str


@dataclass
class Aside:
    """Keeps results on disk until somebody has seen what they change. In memory there are only their marks."""

    recorder: Recorder
    folder: Path
    marks: dict[str, dict[str, Mark]] = field(default_factory=dict)
    _count: int = 0

    def refuse(self, refused: Refused) -> None:
        self._put(refused)
        asked = self.recorder.source.questions
        self.marks[refused.student] = {one.grade_id: refusal(one, refused.reason) for one in asked}

    def save(self, prepared: Prepared, result: Result, *, alone: bool = False) -> tuple[Mark, ...]:
        self._put((prepared, result, alone))
        marks = tuple(checked(question, result) for question in prepared.job.questions)
        self.marks.setdefault(prepared.student, {}).update({mark.grade_id: mark for mark in marks})
        return marks

    def differences(self, before: dict[str, Graded]) -> Iterator[Difference]:
        """What would change, by student."""
        for student, marks in sorted(self.marks.items()):
            old = before[student].marks if student in before else {}
            for name, mark in marks.items():
                kept = old.get(name)
                if kept is None or (kept.points, kept.verdicts) != (mark.points, mark.verdicts):
                    yield Difference(student, name, kept.points if kept else None, mark.points, _changed(kept, mark))

    def write(self) -> None:
        """Record all of it, in the order in which it came."""
        for number in range(self._count):
            path = self.folder / str(number)
            kept = pickle.loads(path.read_bytes())
            if isinstance(kept, Refused):
                self.recorder.refuse(kept)
            else:
                prepared, result, alone = kept
                self.recorder.save(prepared, result, alone=alone)
            path.unlink()

    def _put(self, thing: object) -> None:
        (self.folder / str(self._count)).write_bytes(pickle.dumps(thing))
        self._count += 1


def _changed(kept: object, mark: Mark) -> str:
    """Which properties are judged otherwise."""
    before = dict(getattr(kept, "verdicts", ()))
    told = [f"{title}: {before.get(title, '-')} → {now}" for title, now in mark.verdicts if before.get(title) != now]
    return "; ".join(told) or mark.reason
