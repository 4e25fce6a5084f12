"""Task 2: a client that times out, asks again and gives up, with the server of task 1."""

from __future__ import annotations

from typing import Any

from ds101.checks.answer import Answer
from ds101.labs.lab02.outcomes import charged_once, failed_for_good, in_time, kept_for_good, of_its_own
from ds101.labs.lab02.runs import DAYS, ORDERS, REAL
from ds101.labs.specification import property_of
from ds101.trials import Run

NEEDS = ("Server", "Client")
WORLDS = (ORDERS, DAYS, REAL)


@property_of(
    "lab02",
    points=4,
    title="by its deadline",
    hint="Which of the client's timers is running at this moment, and which message would end the wait?",
    needs=NEEDS,
    worlds=(DAYS, REAL),
    live=True,
)
def by_its_deadline(run: Run) -> Answer:
    """A call ends by its deadline, and with its reply if server and links were sound for the last half of it."""
    return in_time(run, forgetful=False)


@property_of(
    "lab02",
    points=4,
    title="at most once",
    hint="By what does the server know that this request is the one that it has carried out already?",
    needs=NEEDS,
    worlds=WORLDS,
)
def at_most_once(run: Any) -> Answer:
    """An operation takes effect at most once."""
    return charged_once(run)


@property_of(
    "lab02",
    points=3,
    title="its own reply",
    hint="Which replies can still be under way when the next call begins?",
    needs=NEEDS,
    worlds=WORLDS,
)
def its_own_reply(run: Any) -> Answer:
    """A reply belongs to the request that it answers."""
    return of_its_own(run)


@property_of(
    "lab02",
    points=3,
    title="failed is final",
    hint="What would have to be true of every request that is still under way?",
    needs=NEEDS,
    worlds=WORLDS,
)
def failed_is_final(run: Any) -> Answer:
    """An operation reported failed never takes effect, even later."""
    return failed_for_good(run)


@property_of(
    "lab02",
    points=2,
    title="done is done",
    hint="From which message may the client conclude that it is done?",
    needs=NEEDS,
    worlds=WORLDS,
)
def done_is_done(run: Any) -> Answer:
    """An acknowledged operation has taken effect."""
    return kept_for_good(run)
