"""The bad run and the good run: a node that votes, crashes, and is asked again in the same term."""

from __future__ import annotations

import msgspec

from ds101.draw import as_text, spacetime
from ds101.draw.picture import Picture
from ds101.labs.lab12.given import LOGS, Heartbeat, RequestVote, Vote
from ds101.messages import Message
from ds101.trace import Event, Trace


class Tale:
    """A run as it is told: each line an event, one after the other."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def happens(self, kind: str, node: str, detail: str = "") -> None:
        self._add(kind, node, detail=detail)

    def message(self, src: str, dst: str, message: Message) -> None:
        """Sent, and delivered next."""
        body = msgspec.to_builtins(message)
        kind = type(message).__name__
        sent = self._add("send", src, src=src, dst=dst, type=kind, body=body)
        self._add("deliver", dst, cause=sent.id, src=src, dst=dst, type=kind, body=body)

    def trace(self) -> Trace:
        return Trace(self.events, ("n1", "n2", "n3"))

    def _add(self, kind: str, node: str, **more: object) -> Event:
        number = len(self.events) + 1
        event = Event(f"e{number}", kind, 0.01 * number, node, number, **more)  # type: ignore[arg-type]
        self.events.append(event)
        return event


def forgotten_vote() -> Picture:
    """Two runs, the bad one first: two leaders in one term, and one."""
    bad, good = _run(remembers=False), _run(remembers=True)
    svg = spacetime(bad, title="Bad run: n3 forgets its vote", in_page=True)
    svg += spacetime(good, title="Good run: n3 reads its vote from storage", in_page=True)
    text = ["Bad run: n3 forgets its vote", *as_text(bad).splitlines()]
    text += ["Good run: n3 reads its vote from storage", *as_text(good).splitlines()]
    return Picture(svg, tuple(text))


def _run(*, remembers: bool) -> Trace:
    tale = Tale()
    _stand(tale, "n1", Vote(3, True))
    tale.message("n1", "n3", Heartbeat(3))
    tale.happens("crash", "n3", "SIGKILL")
    tale.happens("restart", "n3")
    _stand(tale, "n2", Vote(3, not remembers))
    if not remembers:
        tale.happens("log", "n2", "leads in term 3")
        tale.message("n2", "n3", Heartbeat(3))
    return tale.trace()


def _stand(tale: Tale, candidate: str, answer: Vote) -> None:
    log = LOGS[candidate]
    tale.message(candidate, "n3", RequestVote(3, log.index, log.term))
    tale.message("n3", candidate, answer)
    if candidate == "n1":
        tale.happens("log", "n1", "leads in term 3")
