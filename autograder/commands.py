"""The instructor's commands of `ds101`. It finds them by the entry point `grading` of the group `ds101.commands`.

Each is a few lines here, and imports what it needs when it is called: `ds101 --help` must stay fast.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

Lab = Annotated[str, typer.Argument(metavar="LAB", help="lab01, ...")]


def register(app: typer.Typer) -> None:
    """Add the commands to `ds101`."""
    for command in (grade, feedback, export, release, doctor):
        app.command()(command)


def grade(
    lab: Lab,
    student: Annotated[list[str] | None, typer.Option(help="Only this one, also if there is a mark already.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Also what has a mark: shows what would change, and asks.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write what changes without asking.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many at once: three times the cores, unless told.")
    ] = None,
    scheduler: Annotated[str, typer.Option(help="The address of a Dask scheduler, instead of processes here.")] = "",
) -> None:
    """Grade what was submitted. The exit status is 0 if every submission has a mark or a stated reason."""
    from autograder.execute import execute
    from autograder.grading.course import open_course
    from autograder.grading.grade import Options
    from autograder.grading.grade import grade as graded

    options = Options(tuple(student or ()), again, yes, workers, scheduler)
    done = graded(open_course(), lab, options, execute, console(), asked)
    raise typer.Exit(code=0 if done else 1)


def feedback(lab: Lab) -> None:
    """Make the feedback that students receive, as nbgrader does, for everybody who has a mark."""
    from autograder.grading.course import open_course
    from autograder.grading.feedback import feedback as made

    raise typer.Exit(code=0 if made(open_course(), lab, console()) else 1)


def export(
    lab: Annotated[str, typer.Argument(metavar="[LAB]", help="lab01, ...: all of them, unless told.")] = "",
    to: Annotated[Path | None, typer.Option(help="The file to write: standard output, unless told.")] = None,
) -> None:
    """Write the marks as CSV, for a learning management system: raw mark, penalty and final mark."""
    from autograder.grading.course import open_course
    from autograder.grading.export import export as exported

    text = exported(open_course(), lab)
    if to is None:
        typer.echo(text, nl=False)
    else:
        to.write_text(text, encoding="utf-8", newline="")


def release(
    folder: Annotated[Path | None, typer.Argument(help="Where: dist/ds101-VERSION, unless told.")] = None,
) -> None:
    """Make the bundle that students receive, as a folder and a zip file: no solution and no hidden test is in it."""
    from autograder.grading.course import open_course
    from autograder.grading.release import release as released

    course = open_course()
    for path in released(course.root, folder, course.course_id):
        typer.echo(f"wrote {path}")


def doctor() -> None:
    """Say what this machine can do for grading, and how to get the rest. The exit status is 0 if all is well."""
    from autograder.grading.course import open_course
    from autograder.grading.doctor import examine

    findings = list(examine(open_course()))
    for good, sentence in findings:
        typer.echo(f"{'ok' if good else 'NO'}  {sentence}")
    raise typer.Exit(code=0 if all(good for good, _ in findings) else 1)


def asked(question: str) -> bool:
    """What a person says. Where nobody answers, nothing is written, and how to do without is told."""
    try:
        return typer.confirm(question)
    except typer.Abort:
        typer.echo("\nThere was no answer. Where nobody is there to give one, add  --yes.", err=True)
        return False


def console() -> Console:
    """Where tables go. Into a file they are as wide as they have to be."""
    found = Console()
    return found if found.is_terminal else Console(width=200)
