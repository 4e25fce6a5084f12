"""Runs as values: tried with many seeds, shrunk where they fail, kept as one line.

- trial.py          `Trial`: what runs, what clients do, what goes wrong; `Run`: what came of it
- search.py         `first_failure`: many trials, until one fails
- shrinking.py      `shrunk`: the same failure with less
- ordering.py       `shortest_ordering`: the same failure as a mere order of events
- ending.py         `until_broken`: a failing run up to where it went wrong
- counterexample.py `Counterexample`: a failing trial with its story, saved, printed as a line, replayed
"""

from ds101.trials.counterexample import Counterexample, searched_for
from ds101.trials.ending import until_broken
from ds101.trials.ordering import Ordering, shortest_ordering
from ds101.trials.search import Found, first_failure
from ds101.trials.shrinking import shrunk
from ds101.trials.trial import Run, Trial

__all__ = [
    "Counterexample",
    "Found",
    "Ordering",
    "Run",
    "Trial",
    "first_failure",
    "searched_for",
    "shortest_ordering",
    "shrunk",
    "until_broken",
]
