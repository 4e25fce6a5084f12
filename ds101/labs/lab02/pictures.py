"""The picture that lab02 opens with: a reply is lost, and the client asks again, of two servers.

The nodes are actors who know their parts: how a server knows what it has done before is the task.
"""

from __future__ import annotations

from ds101.draw import as_text, spacetime
from ds101.draw.picture import Picture
from ds101.labs.lab02.given import RETRY, SERVER, Charge, Done, Reply, Request, RetryDue
from ds101.node import Node, on
from ds101.simulation import Simulation
from ds101.trace import Trace

CARD, WITHIN = "ada", 1.0


class AsksAgain(Node):
    """Asks until it is answered, and passes the answer on."""

    @on(Charge)
    def begin(self, charge: Charge, passenger: str) -> None:
        self.passenger = passenger
        self.ask(RetryDue(1))

    @on(RetryDue)
    def ask(self, due: RetryDue) -> None:
        self.send(SERVER, Request(self.id, due.number, CARD))
        self.set_timer(due, after=RETRY)

    @on(Reply)
    def pass_on(self, reply: Reply, _: str) -> None:
        self.cancel_timer(RetryDue(reply.number))
        self.send(self.passenger, Done(reply.card, reply.charges))


class ChargesEachTime(Node):
    """Does what it is asked."""

    charged = 0

    @on(Request)
    def charge(self, request: Request, client: str) -> None:
        self.charged += 1
        self.send(client, Reply(request.number, request.card, self.charged))


class ChargesOnce(ChargesEachTime):
    """Does it once."""

    @on(Request)
    def charge(self, request: Request, client: str) -> None:
        if self.charged:
            self.log("has charged this one before")
        self.charged = 1
        self.send(client, Reply(request.number, request.card, self.charged))


def lost_reply() -> Picture:
    """Two runs, the bad one first: a card is charged twice, and once."""
    bad, good = _run(ChargesEachTime), _run(ChargesOnce)
    titles = ("Bad run: the server charges what it is asked to", "Good run: the server knows what it has done")
    svg = "".join(spacetime(run, title=title, in_page=True) for run, title in zip((bad, good), titles, strict=True))
    return Picture(svg, (titles[0], *as_text(bad).splitlines(), titles[1], *as_text(good).splitlines()))


def _run(server: type[Node]) -> Trace:
    with Simulation({SERVER: server, "n2": AsksAgain}, latency=0.02) as world:
        world.drop(Reply, SERVER, "n2")
        world.client("ada").call("n2", Charge(CARD, WITHIN))
        return world.trace
