"""How long it takes to draw 200 messages: `python -m benchmarks.draw`.

Nothing is folded or left out, so all 200 are placed and painted: a leader's heartbeats to four followers, with the
replies, and messages between anybody. Promised: under 50 ms.
"""

from __future__ import annotations

import random
from statistics import median
from time import perf_counter

from ds101.draw import spacetime
from ds101.trace import Event, Trace

MESSAGES = 200
REPEATS = 15
PROMISED = 0.050  # seconds
NODES = ("n1", "n2", "n3", "n4", "n5")


def heartbeats() -> Trace:
    """A leader's rounds: four requests, four replies."""
    events: list[Event] = []
    for number in range(MESSAGES // 8):
        at = 0.05 * (number + 1)
        due = Event(f"due{number}", "fire", at, "n1", 0, type="HeartbeatDue")
        events.append(due)
        for follower in NODES[1:]:
            request = _message(events, "n1", follower, "AppendEntries", at, due.id, {"term": 1, "entries": []})
            _message(events, follower, "n1", "Appended", request.at, request.id, {"term": 1, "success": True})
    return Trace(events, NODES)


def chatter() -> Trace:
    """Messages without any pattern."""
    choose = random.Random(1)
    events: list[Event] = []
    for number in range(MESSAGES):
        src, dst = choose.sample(NODES, 2)
        kind = choose.choice(("Gossip", "Update", "Digest"))
        _message(events, src, dst, kind, 0.001 * number, None, {"version": number, "origin": src})
    return Trace(events, NODES)


def _message(
    events: list[Event], src: str, dst: str, name: str, at: float, cause: str | None, body: dict[str, object]
) -> Event:
    sent = Event(f"s{len(events)}", "send", at, src, 0, cause, src, dst, name, body)
    delay = 0.0001 * (1 + len(events) % 5)
    got = Event(f"d{len(events)}", "deliver", at + delay, dst, 0, sent.id, src, dst, name, body)
    events += [sent, got]
    return got


def seconds_to_draw(trace: Trace) -> float:
    """The median of some runs, in seconds."""
    times = []
    for _ in range(REPEATS):
        begin = perf_counter()
        spacetime(trace, fold=False, at_most=None)
        times.append(perf_counter() - begin)
    return median(times)


def main() -> bool:
    """Print the medians; whether the promise holds."""
    kept = True
    for name, trace in (("heartbeats", heartbeats()), ("chatter", chatter())):
        took = seconds_to_draw(trace)
        kept = kept and took < PROMISED
        print(f"draw {MESSAGES} messages ({name}): {took * 1000:.1f} ms   promised: under {PROMISED * 1000:.0f} ms")
    return kept


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
