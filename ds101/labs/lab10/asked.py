"""What nodes were asked, and what they answered until when: read from a trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ds101.labs.lab10.contact import Contact
from ds101.labs.lab10.given import DEADLINE
from ds101.messages import Message
from ds101.trace import Event, Trace

Seconds = float
GRACE = 0.1  # seconds by which an answer may come after the deadline: a timer fires late, never early
MARGIN = 0.1  # seconds by which the links and nodes of real processes may be cut, or back, before or after it is noted


@dataclass(frozen=True)
class Asked:
    """A request that reached a node, which then ran until the deadline and beyond; and the answer, if one left."""

    node: str
    client: str
    request: str  # the type
    at: Seconds
    reply: Event | None

    @property
    def in_time(self) -> bool:
        """Whether an answer left by the deadline."""
        return self.reply is not None and self.reply.at <= self.at + DEADLINE + GRACE

    @property
    def words(self) -> str:
        """As the beginning of a sentence: the Read of ada that reached n1 at 0.20 s."""
        return f"the {self.request} of {self.client.split('.')[0]} that reached {self.node} at {self.at:.2f} s"


def asked(trace: Trace, *kinds: type[Message]) -> Iterator[Asked]:
    """The requests of these types that a node had the time to answer, in the order in which they came."""
    names = {kind.__name__ for kind in kinds}
    contact = Contact(trace, MARGIN)
    replies: dict[tuple[str, str], Event] = {}
    for event in trace:
        if event.kind == "send" and "." in event.dst:
            replies.setdefault((event.src, event.dst), event)
    over = trace[-1].at if len(trace) else 0.0
    for event in trace:
        if event.kind != "deliver" or event.type not in names or "." not in event.src:
            continue
        end = event.at + DEADLINE + GRACE
        if end <= over and contact.runs(event.dst, event.at, end):
            yield Asked(event.dst, event.src, event.type, event.at, replies.get((event.dst, event.src)))
