"""`check`: judge a lab's properties, show the report as it grows, and return the points.

In a graded cell the points must be the cell's last value: nbgrader takes a number as the mark.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.progress import Progress

from ds101.checks.answer import Answer
from ds101.labs.handing_over import hand_over, is_graded
from ds101.labs.report import Report
from ds101.labs.specification import LATER, Effort, Lab, Parts, Property, find_lab
from ds101.processes.launcher import preload
from ds101.progress import heard_by
from ds101.verdict import Verdict

BETWEEN = 0.2  # seconds between two looks of a report that grows
Shown = Callable[[Report, Property | None], None]  # called with the report, and the property that is judged next


def judge(
    lab: str,
    *solution: Any,
    only: str = "",
    seed: int = 1,
    size: int = 1,
    replay: str = "",
    worlds: frozenset[str] = frozenset(),
) -> Report:
    """The report on a solution, without showing anything.

    `solution` is what the tasks ask for, in any order. Only properties whose parts are there are judged; or `only`
    the one with that title, or those of one task, by the name of its part. `seed` and `size` choose the runs; `replay`
    shows one run again, as a report gave it. Of a lab on nodes, only these `worlds` are looked at (orders, simulation,
    processes; none: all).
    Raises `Mistake` for a lab, a part or a property that does not exist.
    """
    with heard_by(lambda _: None):
        *_, last = reports(lab, *solution, only=only, effort=Effort(seed, size, replay, worlds))
    return last[0]


def check(lab: str, *solution: Any, only: str = "", seed: int = 1, size: int = 1, replay: str = "") -> int:
    """Judge a solution as `judge` does, show the report as it grows, and return the points.

    In a graded kernel the solution is handed over to the judge instead, and the points are those that it gives.
    """
    if is_graded():
        found = find_lab(lab)
        hand_over(found, found.parts_among(solution))
        return 0
    return shown(lab, *solution, only=only, effort=Effort(seed, size, replay)).points


def shown(lab: str, *solution: Any, only: str, effort: Effort) -> Report:
    """Judge a solution and show the report as it grows: in place in a notebook, at its end in a terminal."""
    latest: list[tuple[Report, Property | None]] = []

    def hear(words: str) -> None:
        if latest:
            show(replace(latest[-1][0], doing=words), latest[-1][1])

    with _shower() as show, heard_by(hear):
        for report, upcoming in reports(lab, *solution, only=only, effort=effort):
            show(report, upcoming)
            latest[:] = [(report, upcoming)]
    return report


def reports(lab: str, *solution: Any, only: str = "", effort: Effort) -> Iterator[tuple[Report, Property | None]]:
    """The report before the first property and after each, with the property that is judged meanwhile.

    The story of the first mistake is told as soon as that is known; then the rest is judged.
    """
    found = find_lab(lab)
    parts = found.parts_among(solution)
    preload(f"ds101.labs.{found.name}")
    asked = _asked(found, parts, only, effort)
    judging = found.judging(parts, asked, effort)
    findings: dict[str, Answer] = {}
    first = ""

    def report(doing: str = "") -> Report:
        return Report(found, asked, dict(findings), first, bool(effort.replay), doing, judging.runs)

    waiting = deque((one, judging.judge(one)) for one in asked)
    while waiting:
        one, steps = waiting.popleft()
        if one.title in findings:
            continue
        try:
            while (doing := next(steps)) != LATER:
                yield report(doing), one
        except StopIteration as stop:
            findings[one.title] = stop.value
        else:
            waiting.append((one, steps))
            continue
        if findings[one.title].to_do:
            # Nothing else of that part can be judged, and a part that is missing is said once.
            same = (other.title for other in asked if other.needs == one.needs)
            findings |= {title: findings[one.title] for title in same if title not in findings}
        if not first and findings[one.title].verdict is Verdict.BROKEN:
            first = one.title
            yield report("making its run as small as it gets"), one
            findings[first] = judging.tell(one, findings[first])
    yield report(), None


def _asked(lab: Lab, parts: Parts, only: str, effort: Effort) -> tuple[Property, ...]:
    if effort.replay:
        titles = [one.title for one in lab.properties if effort.replay.startswith(f"{one.title} ")]
        return (lab.property(max(titles, key=len, default=effort.replay)),)
    if only and only not in lab.parts:
        return (lab.property(only),)
    known = (one for one in lab.properties if parts.keys() >= set(one.needs))
    return tuple(one for one in known if only in ("", lab.last_part_of(one)))


@contextmanager
def _shower() -> Iterator[Shown]:
    """How to show a growing report here."""
    shell = sys.modules["IPython"].get_ipython() if "ipykernel" in sys.modules and "IPython" in sys.modules else None
    if shell is not None:
        yield _show_in_place()
        return
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        yield _show_progress(progress)


def _show_in_place() -> Shown:
    """In a notebook: one output that is replaced as the report grows; a story that is being read, for news only."""
    from IPython.display import display

    handle: Any = None
    before: Report | None = None
    shown_at = 0.0

    def show(report: Report, upcoming: Property | None) -> None:
        nonlocal handle, before, shown_at
        if before is None:
            handle = display(report, display_id=True)  # type: ignore[no-untyped-call]
        elif not (upcoming is None or report.findings != before.findings or _is_due(report)):
            return
        else:
            handle.update(report)
        before, shown_at = report, time.monotonic()

    def _is_due(report: Report) -> bool:
        return not report.has_story and time.monotonic() - shown_at > BETWEEN

    return show


def _show_progress(progress: Progress) -> Shown:
    """In a terminal: a bar that says what is judged, the first mistake in a line above it, and then the report."""
    task = progress.add_task("", total=None)
    said = ""

    def show(report: Report, upcoming: Property | None) -> None:
        nonlocal said
        if upcoming and report.first != said and not progress.disable:
            said = report.first
            progress.console.print(f"{said}: {report.findings[said].headline}", markup=False, highlight=False)
        done, every = len(report.findings), len(report.asked)
        words = f"{upcoming.title}  {report.doing}" if upcoming else ""
        progress.update(task, completed=done, total=every, description=words)
        if upcoming is None:
            progress.stop()
            print(report.text())

    return show
