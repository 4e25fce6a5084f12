"""What may be said of every call, whatever the server keeps: the sentences that all tasks share, as answers.

Each function is given a run, or a state that the explorer has reached.
"""

from __future__ import annotations

from math import inf
from typing import Any

from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.labs.lab02.evidence import charged, read_later, times, told, told_as
from ds101.labs.lab02.given import Charge, Done, Failed, Reply
from ds101.labs.lab02.soundness import crashes, troubles, was_sound
from ds101.trials import Run

Seconds = float
GRACE = 0.1  # seconds by which the answer to a passenger may be late: it travels, too


def charged_once(run: Any) -> Answer:
    """No card was charged twice."""
    found = charged(run)
    for card, times_charged in sorted(found.items()):
        if times_charged > 1:
            return broken(f"Card {card} was charged {times(times_charged)} for one ride.")
    return holds() if found else inconclusive("No card was charged.")


def failed_for_good(run: Any) -> Answer:
    """No card was charged whose passenger was told Failed."""
    found, failures = charged(run), told_as(run, Failed)
    for one in failures:
        if one.card in found:
            return broken(f"{one.operation.client} was told Failed, and card {one.card} was charged.")
    return holds() if failures else inconclusive("No passenger was ever told Failed, although some requests were lost.")


def kept_for_good(run: Any) -> Answer:
    """Whoever asked later for a card whose passenger was told Done was told that it had been charged."""
    seen = False
    for one in told_as(run, Done):
        for number in read_later(run, one.card, one.operation.ended or 0.0):
            seen = True
            if number == 0:
                return broken(
                    f"{one.operation.client} was told Done for card {one.card}, and later the server said that "
                    f"card {one.card} had never been charged."
                )
    return holds() if seen else inconclusive("No passenger was told Done.")


def of_its_own(run: Any) -> Answer:
    """Done names the card that was asked for, and the server had answered for that card before."""
    answered: dict[str, Seconds] = {}
    for reply in run.sent(Reply):
        answered.setdefault(reply.body.card, reply.event.at if isinstance(run, Run) else 0.0)
    done = told_as(run, Done)
    for one in done:
        client, name = one.operation.client, one.answer.card
        if name != one.card:
            return broken(f"{client} asked for card {one.card}, and was told Done for card {name}.")
        if answered.get(name, inf) > (one.operation.ended or 0.0):
            return broken(f"{client} was told Done for card {name}, and the server had not answered for it.")
    return holds() if done else inconclusive("No passenger was told Done.")


def in_time(run: Run, *, forgetful: bool) -> Answer:
    """Each passenger was told something in time, and Done if there was no trouble in the last half of that time.

    `forgetful`: a server that forgets owes no reply to the first calls after a crash.
    """
    found = troubles(run.trace)
    known_since: dict[str, Seconds] = {}  # when each client last began a call that had every chance
    for one in told(run):
        began, client = one.operation.began, one.operation.client
        charge: Charge = one.operation.request
        late = began + charge.within + GRACE
        if run.seconds < late and one.answer is None:
            continue  # the run ended before
        if one.answer is None or (one.operation.ended or 0.0) > late:
            return broken(f"{_asked(one)}, and {_when_told(one)}.")
        half, end = began + charge.within / 2, began + charge.within
        sound = was_sound(found, half, end)
        since = known_since.get(client, 0.0)
        excused = forgetful and any(since <= death <= end for death in crashes(run.trace))
        if sound and not excused and not isinstance(one.answer, Done):
            return broken(
                f"{_asked(one)}, and was told {type(one.answer).__name__}. From {half:.2f} s on, the server ran, and "
                "no link to it was cut or lost anything: there was time to ask, and to be answered."
            )
        if sound:
            known_since[client] = began
    return holds() if told(run) else inconclusive("No passenger asked for anything.")


def _asked(one: Any) -> str:
    charge, began = one.operation.request, one.operation.began
    return f"{one.operation.client} asked at {began:.2f} s to charge card {one.card} within {charge.within:g} s"


def _when_told(one: Any) -> str:
    if one.answer is None:
        return "was never told anything"
    return f"was told {type(one.answer).__name__} only at {one.operation.ended:.2f} s"
