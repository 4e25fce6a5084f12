"""`ds101 grade`: one command for a lab of a whole class, and for one student again."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.grading.book import Book, open_book
from autograder.grading.cluster import most_seconds, open_workers
from autograder.grading.course import Course, CourseError
from autograder.grading.deadlines import read_deadlines
from autograder.grading.marks_of import submissions_of
from autograder.grading.reading import submissions, unnameable
from autograder.grading.record import Recorder
from autograder.grading.register import register
from autograder.grading.run import Lazily, Run, Tally, places
from autograder.grading.sinks import Aside, Sink
from autograder.grading.source import open_source
from autograder.grading.tables import differences_table, marks_table
from autograder.grading.task import Execute
from autograder.sandbox.folders import temporary
from ds101.errors import Ds101Error

LOCK = ".ds101-grading"
WAITING = "{} {} for a person: in JupyterLab, Nbgrader → Formgrader → Manual Grading. Then:  ds101 feedback"


class Stopped(Ds101Error):
    """Somebody stopped the run, or said no."""


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    students: tuple[str, ...] = ()  # none: everybody
    again: bool = False  # also what has a mark
    yes: bool = False  # write without asking
    workers: int | None = None
    scheduler: str = ""
    deadline: float | None = None  # seconds for a submission, all in all


def grade(
    course: Course, name: str, options: Options, execute: Execute, out: Console, ask: Callable[[str], bool]
) -> bool:
    """Grade what was submitted of a lab. True if every submission has a mark or a stated reason."""
    lab = course.lab(name)
    chosen = _chosen(course, lab, options.students)
    with ExitStack() as stack:
        stack.enter_context(_only_one(course, lab))
        source = stack.enter_context(open_source(course, lab))
        book = stack.enter_context(open_book(course))
        register(source, book)
        recorder = Recorder(source, book, read_deadlines(course.root))
        regrade = options.again or bool(options.students)
        folder = stack.enter_context(temporary())
        sink: Sink = Aside(recorder, folder) if regrade else recorder
        tally = _run(stack, course, recorder, sink, options, chosen, execute)
        if isinstance(sink, Aside):
            _write(sink, book, lab, options, out, ask)
        graded = book.graded(lab)
        out.print(
            marks_table(source, {one: graded[one] for one in chosen if one in graded}, _stray(course, lab, options))
        )
        out.print(_summary(lab, chosen, tally), highlight=False)
        if course.isolation != "bubblewrap":
            out.print(f"They ran without the sandbox: c.Ds101.isolation is {course.isolation!r}.", highlight=False)
        if waiting := _waiting(book, lab, chosen):
            out.print(WAITING.format(waiting, "waits" if waiting == 1 else "wait"), highlight=False)
        return all(one in graded for one in chosen)


def _waiting(book: Book, lab: str, chosen: list[str]) -> int:
    """How many submissions have something that a person has to read."""
    with book.changing() as session:
        return sum(one.needs_manual_grade and one.student_id in chosen for one in submissions_of(session, lab))


def _run(
    stack: ExitStack,
    course: Course,
    recorder: Recorder,
    sink: Sink,
    options: Options,
    chosen: list[str],
    execute: Execute,
) -> Tally:
    with ExitStack() as inner, _progress(recorder.source.lab, len(chosen)) as told:
        start = Lazily(
            inner,
            lambda: open_workers(
                execute,
                count=places(options.workers or course.setting("workers", None), len(chosen)),
                scheduler=options.scheduler,
                deadline=options.deadline or most_seconds(course.limits),
            ),
        )
        run = Run(
            recorder, sink, recorder.book.graded(recorder.source.lab), start, again=isinstance(sink, Aside), told=told
        )
        try:
            return run.grade(chosen)
        except KeyboardInterrupt:
            raise Stopped(
                f"Stopped. {run.tally.graded + run.tally.refused} were graded in this run, and are kept: "
                "the same command goes on from there."
                if not isinstance(sink, Aside)
                else "Stopped: nothing was written."
            ) from None


def _write(sink: Aside, book: Book, lab: str, options: Options, out: Console, ask: Callable[[str], bool]) -> None:
    """Show what would change before anything does."""
    before = book.graded(lab)
    changes = [change for change in sink.differences(before) if change.student in before]
    if changes:
        out.print(differences_table(changes))
        if not options.yes and not ask(f"{len(changes)} marks change. Write them?"):
            raise Stopped("Nothing was written.")
    elif any(student in before for student in sink.marks):
        out.print("No mark changes.")
    sink.write()


def _chosen(course: Course, lab: str, students: tuple[str, ...]) -> list[str]:
    there = submissions(course.folder("submitted"), lab)
    if not there:
        raise CourseError(
            f"Nobody has submitted {lab}: submissions stand in {course.folder('submitted')}/STUDENT/{lab}."
        )
    if missing := sorted(set(students) - set(there)):
        raise CourseError(f"{missing[0]} has not submitted {lab}.")
    return [one for one in there if not students or one in students]


def _stray(course: Course, lab: str, options: Options) -> list[str]:
    return [] if options.students else unnameable(course.folder("submitted"), lab)


def _summary(lab: str, chosen: list[str], tally: Tally) -> str:
    told = [f"{lab}: {len(chosen)} submission{'' if len(chosen) == 1 else 's'}, {tally.graded} graded now"]
    told += [f"{tally.resumed} were graded before (resumed)"] if tally.resumed else []
    told += [f"{tally.refused} could not be run"] if tally.refused else []
    return ", ".join(told) + "."


@contextmanager
def _progress(lab: str, count: int) -> Iterator[Callable[[Tally], None]]:
    console = Console(stderr=True)
    columns = (TextColumn(lab), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(lab, total=count)
        yield lambda tally: progress.update(task, completed=tally.graded + tally.refused + tally.resumed)


@contextmanager
def _only_one(course: Course, lab: str) -> Iterator[None]:
    """Two runs at once would do the same work twice. The lock goes with the process, however that ends."""
    try:
        file = (course.root / LOCK).open("w")
    except OSError:  # a folder that can't be written is told when something is written
        yield
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CourseError("Another run of  ds101 grade  is at work in this clone: wait for its end.") from None
        yield
