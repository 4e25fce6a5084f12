"""The table of wrong solutions: which properties caught each, after how much, and whether right ones are ever accused.

    python -m autograder.mutants [--soak] [LAB ...]

Fails on a mutant that lives or is caught otherwise than listed, and on any false alarm.
"""

from __future__ import annotations

import argparse
import sys

from rich.console import Console
from rich.progress import track
from rich.table import Table

from autograder.mutants import Mutant, labs, mutants_of
from autograder.mutants.alarms import false_alarms
from autograder.mutants.judged import Judged, Task, judged_apart

QUICK = (3, 1)  # simulated runs, and runs on real processes, without a false alarm, at least
SOAK = (300, 50)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m autograder.mutants", description="Judge the wrong solutions.")
    parser.add_argument("labs", nargs="*", default=labs(), metavar="LAB")
    parser.add_argument("--soak", action="store_true", help="look for false alarms on many seeds")
    options = parser.parse_args()
    console, wrong = Console(), 0
    for lab in options.labs:
        table = Table("mutant", "caught by", "after", "seconds", title=lab, highlight=False)
        mutants = mutants_of(lab)
        found = judged_apart([Task(lab, mutant.name) for mutant in mutants])
        for mutant, one in track(
            zip(mutants, found, strict=True), f"{lab}: wrong solutions", len(mutants), transient=True
        ):
            wrong += one.broken != mutant.breaks
            table.add_row(mutant.name, in_words(mutant, one), one.looked, f"{one.seconds:.1f}")
        console.print(table)
        for sentence in false_alarms(lab, *(SOAK if options.soak else QUICK)):
            wrong += 1
            console.print(sentence, highlight=False, markup=False)
    console.print(f"{wrong} wrong." if wrong else "Each is caught by exactly what is listed for it; no false alarm.")
    return 1 if wrong else 0


def in_words(mutant: Mutant, one: Judged) -> str:
    """By which properties it was caught, and how that differs from its list."""
    words = ", ".join(title for title in one.asked if title in one.broken) or "nothing: it lives"
    if one.broken == mutant.breaks:
        return words
    extra, missing = sorted(one.broken - mutant.breaks), sorted(mutant.breaks - one.broken)
    return f"{words}\n[red]not listed: {', '.join(extra) or '–'}; listed, but holds: {', '.join(missing) or '–'}[/red]"


if __name__ == "__main__":
    sys.exit(main())
