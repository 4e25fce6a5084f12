"""`check`: judge a lab's properties, show the report as it grows, and return the points.

In a graded cell the points must be the cell's last value: nbgrader takes a number as the mark.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from ds101.labs.finding import Finding
from ds101.labs.report import Report
from ds101.labs.specification import Effort, Lab, Parts, Property, find_lab
from ds101.processes.launcher import preload

Shown = Callable[[Report, Property | None], None]  # called with the report, and the property that is judged next


def judge(lab: str, *solution: Any, only: str = "", seed: int = 1, size: int = 1, replay: str = "") -> Report:
    """The report on a solution, without showing anything.

    `solution` is what the tasks ask for, in any order. Only properties whose parts are there are judged, or `only`
    the one with that title. `seed` and `size` choose the runs; `replay` shows one run again, as a report gave it.
    Raises `Mistake` for a lab, a part or a property that does not exist.
    """
    *_, last = reports(lab, *solution, only=only, effort=Effort(seed, size, replay))
    return last[0]


def check(lab: str, *solution: Any, only: str = "", seed: int = 1, size: int = 1, replay: str = "") -> int:
    """Judge a solution as `judge` does, show the report as it grows, and return the points."""
    show = _shower()
    for report, upcoming in reports(lab, *solution, only=only, effort=Effort(seed, size, replay)):
        show(report, upcoming)
    return report.points


def reports(lab: str, *solution: Any, only: str = "", effort: Effort) -> Iterator[tuple[Report, Property | None]]:
    """The report before the first property and after each, with the property that comes next."""
    found = find_lab(lab)
    parts = found.parts_among(solution)
    preload(f"ds101.labs.{found.name}")
    asked = _asked(found, parts, only, effort)
    findings: dict[str, Finding] = {}
    for number, one in enumerate(asked):
        if one.title in findings:
            continue
        yield Report(found, asked, dict(findings), bool(effort.replay)), one
        findings[one.title] = found.judge(one, parts, effort)
        if findings[one.title].to_do:
            # Nothing else of that part can be judged, and a part that is missing is said once.
            findings.update({other.title: findings[one.title] for other in asked[number:] if other.needs == one.needs})
    yield Report(found, asked, findings, bool(effort.replay)), None


def _asked(lab: Lab, parts: Parts, only: str, effort: Effort) -> tuple[Property, ...]:
    if effort.replay:
        titles = [one.title for one in lab.properties if effort.replay.startswith(f"{one.title} ")]
        return (lab.property(titles[0] if titles else effort.replay),)
    if only:
        return (lab.property(only),)
    return tuple(one for one in lab.properties if parts.keys() >= set(one.needs))


def _shower() -> Shown:
    """How to show a growing report here: in place in a notebook, once and for all elsewhere."""
    kernel = "ipykernel" in sys.modules and "IPython" in sys.modules
    if not kernel or sys.modules["IPython"].get_ipython() is None:
        return lambda report, upcoming: print(report.text()) if upcoming is None else None
    from IPython.display import display

    handle: Any = None

    def show(report: Report, upcoming: Property | None) -> None:
        nonlocal handle
        if handle is None:
            handle = display(report, display_id=True)  # type: ignore[no-untyped-call]
        else:
            handle.update(report)

    return show
