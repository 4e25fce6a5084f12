"""A leader that stays."""

from __future__ import annotations

from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.labs.lab12.calm import Calm, calm_end
from ds101.labs.lab12.runs import LIVENESS
from ds101.labs.specification import property_of
from ds101.trials import Run

TOO_SHORT = "No run was long enough after its last fault."


@property_of(
    "lab12",
    points=4,
    title="a leader that stays",
    hint="If leaders fall: which timer fired, and what should have set it back? If candidates stand in vain: why does "
    "nobody vote for them, and do they all stand at once?",
    needs=("Raft",),
    worlds=LIVENESS,
    live=True,
)
def a_leader_stays(run: Run) -> Answer:
    """From 30 maximum election time-outs after everything runs and is healed, delays being under a tenth of the minimum
    time-out, one leader's heartbeats reach every node and the term stays."""
    calm = calm_end(run)
    if calm is None:
        return inconclusive(TOO_SHORT)
    wrong = _what_is_wrong(calm)
    if wrong and not calm.was_prompt:
        return inconclusive(f"Messages took up to {1000 * calm.delay:.0f} ms here, too long for the deadline to hold.")
    return broken(f"Later than {calm.settling:g} s after the last fault, {wrong}") if wrong else holds()


def _what_is_wrong(calm: Calm) -> str:
    leaders = calm.leaders
    if not leaders:
        return "nobody sent a heartbeat."
    if len(leaders) > 1:
        (one, first), (other, second) = leaders[0], leaders[-1]
        return f"{one} sent heartbeats in term {first}, and {other} in term {second}."
    ((leader, term),) = leaders
    for candidate, later in calm.elections:
        if later > term:
            return f"{leader} led in term {term}, and {candidate} asked for votes in term {later}."
    unreached = sorted(set(calm.nodes) - calm.reached - {leader})
    return f"{leader} led in term {term}, and no heartbeat reached {' and '.join(unreached)}." if unreached else ""
