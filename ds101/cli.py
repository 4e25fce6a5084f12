"""The `ds101` command. Each verb is a few lines here; what it does stands in the library.

An error that we foresaw is one sentence on standard error and an exit status of 1, with no traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from ds101 import __version__
from ds101.errors import Ds101Error, Mistake

INSTRUCTORS = ("doctor", "export", "feedback", "grade", "release")
ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True}

app = typer.Typer(
    name="ds101",
    help="Learn distributed systems by running them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ds101 {__version__}")
        raise typer.Exit


@app.callback()
def ds101(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Learn distributed systems by running them."""


@app.command()
def notebooks(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="lab01, 00, ...: all of them, unless told."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say what is out of step.")] = False,
    anew: Annotated[bool, typer.Option("--anew", help="Build also what is in step.")] = False,
) -> None:
    """Build the notebooks that are out of step with their text sources."""
    from ds101.notebooks import build, out_of_step, project  # needs the tools of maintainers

    root = project()
    if check:
        complaints = list(out_of_step(root))
        for complaint in complaints:
            typer.echo(complaint, err=True)
        raise typer.Exit(code=1 if complaints else 0)
    for path in build(root, names or [], anew=anew):
        typer.echo(f"{'wrote' if path.exists() else 'removed'} {path.relative_to(root)}")


@app.command()
def coverage() -> None:
    """List the items of the subject matter, and the cells that show each. The exit status is 1 if one is missing."""
    from ds101.notebooks import project
    from ds101.notebooks.coverage import coverage as covered

    items = covered(project())
    for item in items:
        typer.echo(item)
    missing = [item for item in items if item.missing]
    shown = sum(bool(item.cells) for item in items)
    typer.echo(f"{shown} of {len(items)} items are shown, {len(missing)} are missing in a finished chapter.")
    raise typer.Exit(code=1 if missing else 0)


@app.command()
def check(
    lab: Annotated[str, typer.Argument(help="lab01, ...")],
    file: Annotated[
        Path | None, typer.Argument(help="The notebook or module: the lab's own notebook, unless told.")
    ] = None,
    only: Annotated[str, typer.Option(help="The title of one property.")] = "",
    seed: Annotated[int, typer.Option(help="Which runs to choose.")] = 1,
    replay: Annotated[str, typer.Option(help="One run again: the line that a report gave.")] = "",
) -> None:
    """Judge your solution of a lab by its properties. The exit status is 0 if all of them hold."""
    from ds101.labs.checking import shown
    from ds101.labs.specification import Effort
    from ds101.labs.submission import parts_in

    parts = parts_in(file or _notebook_of(lab), lab)
    report = shown(lab, *parts, only=only, effort=Effort(seed=seed, replay=replay))
    raise typer.Exit(code=0 if report.points == report.most else 1)


@app.command()
def judge(
    file: Annotated[Path, typer.Argument(help="Jepsen's EDN, or a log of etcd's tests.")],
    model: Annotated[str, typer.Option(help="register, kv, map, counter, queue or lock.")] = "register",
    keyed: Annotated[bool, typer.Option("--keyed", help="Every value is a pair [key value].")] = False,
    steps: Annotated[int, typer.Option(help="How many steps the search may take.")] = 5_000_000,
    picture: Annotated[Path | None, typer.Option(help="Write the timeline there, as SVG, if it is broken.")] = None,
) -> None:
    """Judge whether a history is linearizable. The exit status is 0 if so, 1 if not, 2 if it can't be told."""
    from ds101.checks.budget import Budget
    from ds101.checks.judging import judge as judged
    from ds101.verdict import Verdict

    answer = judged(file, model, keyed=keyed, budget=Budget(steps))
    typer.echo(answer.text())
    if picture and answer.svg():
        picture.write_text(answer.svg(), encoding="utf-8")
    raise typer.Exit(code={Verdict.HOLDS: 0, Verdict.BROKEN: 1, Verdict.INCONCLUSIVE: 2}[answer.verdict])


def _add_commands() -> None:
    """Add what other packages bring, such as the instructor's autograder. A student's bundle has none of it."""
    for point in entry_points(group="ds101.commands"):
        with suppress(ModuleNotFoundError):
            point.load()(app)
    there = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    for name in sorted(set(INSTRUCTORS) - there):
        app.command(name, hidden=True, context_settings=ANYTHING)(_of_instructors(name))


def _of_instructors(name: str) -> Callable[[], None]:
    def refuse() -> None:
        raise Ds101Error(f"ds101 {name} is the instructor's part, and this copy of the course comes without it.")

    return refuse


def _notebook_of(lab: str) -> Path:
    """The notebook that a student works in: in the working directory, or else in the clone."""
    from ds101.labs.specification import find_lab

    pattern = f"{find_lab(lab).name}-*.ipynb"
    for folder in (Path.cwd(), *Path.cwd().parents):
        for found in (*sorted(folder.glob(pattern)), *sorted(folder.glob(f"labs/*/{pattern}"))):
            return found
    raise Mistake(f"There is no {pattern} here: change into the lab's folder, or say which file to check.")


_add_commands()


def main() -> None:
    """Run the command; what the `ds101` script calls."""
    try:
        app()
    except Ds101Error as error:
        sys.exit(str(error))
    except ModuleNotFoundError as missing:
        sys.exit(
            f"This needs {missing.name}, which is not installed: "
            'run  make install,  or  pip install -e ".[student,instructor,dev]"'
        )
