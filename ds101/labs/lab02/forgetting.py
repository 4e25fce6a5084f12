"""Task 3: a server without storage, whose incarnations have numbers, with the client of task 2."""

from __future__ import annotations

from typing import Any

from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.labs.lab02.evidence import lives_that_charged
from ds101.labs.lab02.given import SERVER
from ds101.labs.lab02.growth import stays_small
from ds101.labs.lab02.outcomes import charged_once, failed_for_good, in_time, of_its_own
from ds101.labs.lab02.runs import VOLATILE_DAYS, VOLATILE_GROWTH, VOLATILE_ORDERS, VOLATILE_REAL
from ds101.labs.specification import property_of
from ds101.trace import Event
from ds101.trials import Run

NEEDS = ("Client", "VolatileServer")
WORLDS = (VOLATILE_ORDERS, VOLATILE_DAYS, VOLATILE_REAL)


@property_of(
    "lab02",
    points=3,
    title="by its deadline, without storage",
    hint="How does a client learn which incarnation it talks to, and what does it do with the operation at hand?",
    needs=NEEDS,
    worlds=(VOLATILE_DAYS, VOLATILE_REAL),
    live=True,
)
def by_its_deadline(run: Run) -> Answer:
    """Without storage, too, a call ends by its deadline, and with its reply if server and links were sound for the last
    half of it; but one that meets a new incarnation may end unknown."""
    return in_time(run, forgetful=True)


@property_of(
    "lab02",
    points=5,
    title="at most once, without storage",
    hint="The server has forgotten everything. What in a request tells it that it may be an old one? May that change?",
    needs=NEEDS,
    worlds=WORLDS,
    orders=charged_once,
)
def at_most_once(run: Run) -> Answer:
    """Without storage, too, an operation takes effect at most once: also in different incarnations of the server."""
    for card, lives in lives_that_charged(run).items():
        if len(lives) > 1:
            return broken(f"Card {card} was charged in life {lives[0]} of the server, and again in life {lives[1]}.")
    return charged_once(run)


@property_of(
    "lab02",
    points=2,
    title="older requests are refused",
    hint="What is different in each life of the server, and which of its handlers look at it?",
    needs=NEEDS,
    worlds=(VOLATILE_DAYS, VOLATILE_REAL),
)
def older_requests_are_refused(run: Run) -> Answer:
    """An incarnation of the server answers only what was meant for it, and refuses everything else."""
    meant: dict[str, object] = {}
    announced: set[object] = set()
    seen = False
    for event in run.trace:
        if event.kind == "deliver" and event.dst == SERVER:
            meant[event.id] = event.body.get("incarnation", 0)
        elif event.kind == "crash" and event.node == SERVER:
            announced.clear()
        elif event.kind == "send" and event.src == SERVER and event.detail != "reconstructed":
            if event.type == "Refused":
                announced.add(event.body["incarnation"])
            elif event.type in ("Reply", "Cancelled"):
                seen, incarnation = True, meant.get(event.cause or "")
                if incarnation is not None and incarnation not in announced:
                    return broken(_wrongly_answered(event, incarnation))
    return holds() if seen else inconclusive("The server carried nothing out.")


def _wrongly_answered(event: Event, incarnation: object) -> str:
    meant = "an earlier incarnation" if incarnation else "no incarnation in particular"
    words = f"operation {event.body['number']} of {event.dst}, which was meant for {meant} ({incarnation})"
    return f"The server answered {event.type} to {words}."


@property_of(
    "lab02",
    points=2,
    title="its own reply, without storage",
    hint="Which replies can still be under way when the next call begins?",
    needs=NEEDS,
    worlds=WORLDS,
)
def its_own_reply(run: Any) -> Answer:
    """Without storage, too, a reply belongs to the request that it answers."""
    return of_its_own(run)


@property_of(
    "lab02",
    points=3,
    title="failed is final, without storage",
    hint="Can an incarnation promise anything about a request that was meant for an earlier one?",
    needs=NEEDS,
    worlds=WORLDS,
)
def failed_is_final(run: Any) -> Answer:
    """Without storage, too, an operation reported failed never takes effect, and never has."""
    return failed_for_good(run)


@property_of(
    "lab02",
    points=1,
    title="memory stays small, without storage",
    hint="Which replies can no client ever ask for again?",
    needs=NEEDS,
    worlds=(VOLATILE_GROWTH,),
    story=False,
)
def memory_stays_small(run: Run) -> Answer:
    """Without storage, too, the server's encoded state after 1,000 operations is at most 1.1 times that after 50."""
    return stays_small(run)
