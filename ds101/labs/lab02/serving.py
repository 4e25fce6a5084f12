"""Task 1: a server that remembers. Its clients are the world's own, which repeat themselves and give up."""

from __future__ import annotations

from typing import Any

from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.history import Operation
from ds101.labs.lab02.evidence import charged, read_later
from ds101.labs.lab02.given import Cancel, Cancelled, Read, Reply, Request
from ds101.labs.lab02.growth import stays_small
from ds101.labs.lab02.outcomes import charged_once
from ds101.labs.lab02.runs import SERVER_DAYS, SERVER_GROWTH, SERVER_ORDERS, SERVER_REAL
from ds101.labs.lab02.soundness import troubles, was_sound
from ds101.labs.specification import property_of
from ds101.trace import base_name
from ds101.trials import Run

WORLDS = (SERVER_ORDERS, SERVER_DAYS, SERVER_REAL)


@property_of(
    "lab02",
    points=4,
    title="carried out once",
    hint="By what does the server tell a new request from a known one, and from an older one? And after a crash?",
    needs=("Server",),
    worlds=WORLDS,
)
def carried_out_once(run: Any) -> Answer:
    """A request is carried out at most once, however often it comes, in whatever order, and wherever the server is
    killed."""
    return charged_once(run)


@property_of(
    "lab02",
    points=2,
    title="every request is answered",
    hint="Which reply does a client need whose reply was lost?",
    needs=("Server",),
    worlds=(SERVER_DAYS, SERVER_REAL),
    live=True,
)
def every_request_is_answered(run: Run) -> Answer:
    """While nothing is wrong, the server answers each request under its number, also when it comes again; only one that
    a higher number has followed needs no answer."""
    found, highest = troubles(run.trace), {"": 0}
    asked = [one for one in run.history if isinstance(one.request, Request | Cancel | Read)]
    for one in asked:
        sound = was_sound(found, one.began, one.began + 0.2)
        if isinstance(one.request, Read):
            if sound and one.reply is None:
                return broken(f"{one.client} sent {one.request!r}, and got no answer.")
            continue
        latest = one.request.number >= highest.get(one.client, 0)
        highest[one.client] = max(highest.get(one.client, 0), one.request.number)
        if isinstance(one.reply, Reply | Cancelled) and one.reply.number != one.request.number:
            return broken(f"{one.client} sent {one.request!r}, and was answered {one.reply!r}.")
        if sound and latest and one.reply is None:
            return broken(f"{one.client} sent {one.request!r}, which was its latest number, and got no answer.")
    return holds() if asked else inconclusive("Nobody asked for anything.")


@property_of(
    "lab02",
    points=3,
    title="answered is kept",
    hint="What is in the storage when the reply leaves, and what after each single assignment before that?",
    needs=("Server",),
    worlds=WORLDS,
)
def answered_is_kept(run: Any) -> Answer:
    """What the server has answered with a reply has taken effect, and is still there after a crash."""
    seen = False
    for one in _replied(run):
        for number in read_later(run, one.request.card, one.ended or 0.0):
            seen = True
            if number == 0:
                return broken(
                    f"{one.client} had its reply for card {one.request.card}, and later the server said that the card "
                    "had never been charged."
                )
    return holds() if seen else inconclusive("No request was answered with a reply.")


@property_of(
    "lab02",
    points=3,
    title="cancelled for good",
    hint="A cancel and its request may come in either order, and each again later. Who remembers which was first?",
    needs=("Server",),
    worlds=WORLDS,
)
def cancelled_for_good(run: Any) -> Answer:
    """An operation of which the server said Cancelled has never taken effect, and never will."""
    found, seen = charged(run), False
    cards = {(one.body.client, one.body.number): one.body.card for one in run.sent(Request)}
    for one in run.sent(Cancelled):
        seen, client = True, base_name(one.dst)
        card = cards.get((client, one.body.number), "")
        if card in found:
            return broken(
                f"{client} was told Cancelled for its operation {one.body.number}, and card {card} was charged."
            )
    return holds() if seen else inconclusive("Nothing was ever told to be cancelled.")


def _replied(run: Any) -> list[Operation]:
    return [one for one in run.history if isinstance(one.request, Request) and isinstance(one.reply, Reply)]


@property_of(
    "lab02",
    points=2,
    title="memory stays small",
    hint="Which replies can no client ever ask for again?",
    needs=("Server",),
    worlds=(SERVER_GROWTH,),
    story=False,
)
def memory_stays_small(run: Run) -> Answer:
    """The server's encoded state after 1,000 operations is at most 1.1 times that after 50."""
    return stays_small(run)
