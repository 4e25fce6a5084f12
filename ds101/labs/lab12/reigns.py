"""Who led when, as far as a trace can tell: from heartbeats.

>>> from ds101.trace import Event, Trace
>>> beat = Event("n1.1", "send", 0.5, "n1", 1, src="n1", dst="n2", type="Heartbeat", body={"term": 3})
>>> reigns(Trace([beat]))
[term 3: n1 sent heartbeats from 0.50 s to 0.50 s]
"""

from __future__ import annotations

from dataclasses import dataclass

from ds101.trace import Event, Trace

Seconds = float


@dataclass(frozen=True, slots=True)
class Reign:
    """One leader in one term: when its first heartbeat was sent, and when its last, in seconds of the world's time."""

    term: int
    leader: str
    since: Seconds
    until: Seconds

    def __repr__(self) -> str:
        return f"term {self.term}: {self.leader} sent heartbeats from {self.since:.2f} s to {self.until:.2f} s"


def reigns(trace: Trace) -> list[Reign]:
    """The leaders of a run, in the order of their terms; empty if nobody has sent a heartbeat."""
    beats: dict[tuple[int, str], list[Event]] = {}
    for event in trace:
        if event.kind == "send" and event.type == "Heartbeat":
            beats.setdefault((event.body["term"], event.src), []).append(event)
    return [
        Reign(term, leader, min(beat.at for beat in sent), max(beat.at for beat in sent))
        for (term, leader), sent in sorted(beats.items())
    ]
