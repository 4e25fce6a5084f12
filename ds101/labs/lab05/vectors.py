"""Task 2, `VectorClock` and `relation`: vectors tell exactly what happened before what (Fidge 1988, Mattern 1989)."""

from __future__ import annotations

from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.explorer import View
from ds101.labs.lab05.clocks import Vector
from ds101.labs.lab05.happened import Happened, happened_in
from ds101.labs.lab05.lamport import TRACE_CUT
from ds101.labs.lab05.runs import RELATION, VECTOR
from ds101.labs.lab05.telling import without_clients
from ds101.labs.lab05.travelling import in_words
from ds101.labs.specification import property_of
from ds101.trials import Run


def is_less(one: Vector, other: Vector) -> bool:
    """V(a) < V(b): no number is greater, and one is smaller (Mattern 1989).

    >>> is_less({"n1": 1, "n2": 0}, {"n1": 1, "n2": 2}), is_less({"n1": 1, "n2": 0}, {"n1": 0, "n2": 2})
    (True, False)
    """
    return one != other and all(one[node] <= other[node] for node in one)


@property_of(
    "lab05",
    points=2,
    title="happened before, smaller vector",
    hint="Which of the events that b knows of does its vector not count?",
    needs=("VectorClock",),
    worlds=VECTOR,
    shown=without_clients,
)
def before_is_less(run: Run | View) -> Answer:
    """If a happened before b, then V(a) < V(b)."""
    return _judged(happened_in(run), knows=True)


@property_of(
    "lab05",
    points=2,
    title="smaller vector, happened before",
    hint="V(b) counts something that b can't know of. Which line put it there?",
    needs=("VectorClock",),
    worlds=VECTOR,
    shown=without_clients,
)
def less_is_before(run: Run | View) -> Answer:
    """If V(a) < V(b), then a happened before b; and no two events have the same vector."""
    return _judged(happened_in(run), knows=False)


def _judged(happened: Happened | None, knows: bool) -> Answer:
    if happened is None:
        return inconclusive(TRACE_CUT)
    looked = False
    for a, b in happened.pairs():
        if happened.before(a, b) is not knows:
            continue
        looked = True
        one, other = happened.stamps[a], happened.stamps[b]
        if knows and not is_less(one, other):
            return broken(f"{a} happened before {b}, and {in_words(one)} is not less than {in_words(other)}.")
        if not knows and (is_less(one, other) or one == other):
            compared = "the same vector as" if one == other else "a smaller vector than"
            return broken(
                f"{a} did not happen before {b}, and has {compared} it: {in_words(one)} and {in_words(other)}."
            )
    return holds() if looked else inconclusive("There were no two such events.")


@property_of(
    "lab05",
    points=2,
    title="told apart",
    hint="Write the two vectors one under the other. In which places is the first ahead, and in which the second?",
    needs=("relation",),
    worlds=RELATION,
    shown=without_clients,
)
def told_apart(run: Run | View) -> Answer:
    """Of any two vectors, relation says how their events stand: before, after, concurrent, or the same."""
    happened = happened_in(run)
    if happened is None:
        return inconclusive(TRACE_CUT)
    met = set()
    for node, said in _said(run):
        for a, b, word in map(str.split, said):
            expected = _word(happened, a, b)
            met.add(expected)
            if word != expected:
                one, other = happened.stamps[a], happened.stamps[b]
                return broken(
                    f"At {node}, relation({in_words(one)}, {in_words(other)}) returned {word!r}. "
                    f"These are {a} and {b}, so it should be {expected!r}."
                )
    return holds() if len(met) == 4 else inconclusive("No two events were concurrent.")


def _said(run: Run | View) -> list[tuple[str, tuple[str, ...]]]:
    states = {node: run.state(node) for node in run.nodes} if isinstance(run, View) else run.states
    return [(node, state.get("_said", ())) for node, state in states.items()]


def _word(happened: Happened, a: str, b: str) -> str:
    if a == b:
        return "same"
    if happened.before(a, b):
        return "before"
    return "after" if happened.before(b, a) else "concurrent"
