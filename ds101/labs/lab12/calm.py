"""The end of a run, from the moment on at which somebody must lead: what is sent then, and what arrives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ds101.labs.lab12.members import ELECTION_TIMEOUT
from ds101.labs.lab12.runs import SETTLING, WATCHED
from ds101.trace import Event, Trace
from ds101.trials import Run

Seconds = float
FEWEST = 3  # nodes: fewer need no election
PROMPT = ELECTION_TIMEOUT[0] / 10  # seconds that a message may take


@dataclass(frozen=True)
class Calm:
    """The trace from `since` on. `delay` is the longest that a message took after the last fault."""

    since: Seconds
    trace: Trace
    delay: Seconds
    settling: Seconds = SETTLING

    @property
    def nodes(self) -> tuple[str, ...]:
        return self.trace.nodes

    @property
    def was_prompt(self) -> bool:
        """Whether all delays were under a tenth of the minimum election time-out."""
        return self.delay < PROMPT

    @cached_property
    def sends(self) -> list[Event]:
        return [event for event in self.trace if event.kind == "send" and event.at >= self.since]

    @cached_property
    def leaders(self) -> list[tuple[str, int]]:
        """Who sent heartbeats in which term, in their order, each once."""
        return list(dict.fromkeys((one.src, one.body["term"]) for one in self.sends if one.type == "Heartbeat"))

    @property
    def elections(self) -> list[tuple[str, int]]:
        """Who asked for votes in which term."""
        return [(one.src, one.body["term"]) for one in self.sends if one.type == "RequestVote"]

    @property
    def reached(self) -> set[str]:
        """Whom a heartbeat reached."""
        arrivals = (one for one in self.trace if one.kind == "deliver" and one.type == "Heartbeat")
        return {one.dst for one in arrivals if one.at >= self.since}


def calm_end(run: Run) -> Calm | None:
    """None if some node or link was not sound at the end, or not for long enough, or if there are too few nodes."""
    if run.calm is None or len(run.trace.nodes) < FEWEST:
        return None
    end = max(run.seconds, max((event.at for event in run.trace), default=0.0))
    since = run.calm + SETTLING
    return Calm(since, run.trace, _longest_delay(run, run.calm)) if end - since >= WATCHED else None


def _longest_delay(run: Run, since: Seconds) -> Seconds:
    sent = {event.id: event.at for event in run.trace if event.kind == "send" and event.at >= since}
    delays = [event.at - sent[event.cause] for event in run.trace if event.kind == "deliver" and event.cause in sent]
    return max(delays, default=0.0)
