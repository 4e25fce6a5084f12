"""The table of wrong solutions: which properties caught each, and whether right ones are ever accused.

    python -m autograder.mutants [--soak] [LAB ...]

Fails on a mutant that lives or is caught otherwise than listed, and on any false alarm.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rich.console import Console
from rich.table import Table

from autograder.mutants import Mutant, labs, mutants_of, reference
from ds101.labs import judge
from ds101.labs.report import Report

AT_ONCE = 4  # judging is mostly waiting
FALSE_ALARMS = {False: 3, True: 50}  # seeds on which the reference must hold, quick and in full


def judged(mutant: Mutant, parts: tuple[Any, ...]) -> tuple[Mutant, Report, float]:
    """A mutant's report, and how long it took (seconds)."""
    begin = time.monotonic()
    return mutant, judge(mutant.lab, *parts), time.monotonic() - begin


def false_alarms(lab: str, seeds: int) -> Iterator[str]:
    """A sentence for each property of which the reference was said to break it."""
    for seed in range(1, seeds + 1):
        for title in sorted(judge(lab, *reference(lab), seed=seed).broken):
            yield f"{lab}: the solution is said to break {title!r} with seed {seed}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m autograder.mutants", description="Judge the wrong solutions.")
    parser.add_argument("labs", nargs="*", default=labs(), metavar="LAB")
    parser.add_argument("--soak", action="store_true", help="look for false alarms on many seeds")
    options = parser.parse_args()
    console, wrong = Console(), 0
    for lab in options.labs:
        table = Table("mutant", "caught by", "seconds", title=lab, highlight=False)
        parts = [mutant.parts() for mutant in mutants_of(lab)]  # here: Python 3.11 can't parse on several threads
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for mutant, report, seconds in pool.map(judged, mutants_of(lab), parts):
                wrong += report.broken != mutant.breaks
                table.add_row(mutant.name, in_words(mutant, report), f"{seconds:.1f}")
        console.print(table)
        for sentence in false_alarms(lab, FALSE_ALARMS[options.soak]):
            wrong += 1
            console.print(sentence)
    console.print(f"{wrong} wrong." if wrong else "Each is caught by exactly what is listed for it; no false alarm.")
    return 1 if wrong else 0


def in_words(mutant: Mutant, report: Report) -> str:
    """By which properties it was caught, and how that differs from its list."""
    words = ", ".join(one.title for one in report.asked if one.title in report.broken) or "nothing: it lives"
    if report.broken == mutant.breaks:
        return words
    extra, missing = sorted(report.broken - mutant.breaks), sorted(mutant.breaks - report.broken)
    return f"{words}\n[red]not listed: {', '.join(extra) or '–'}; listed, but holds: {', '.join(missing) or '–'}[/red]"


if __name__ == "__main__":
    sys.exit(main())
