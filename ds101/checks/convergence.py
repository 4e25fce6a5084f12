"""Convergence: once the network has healed, all nodes come to hold the same.

>>> converged({"n1": {"x": 1}, "n2": {"x": 1}, "n3": {"x": 2}}).headline
"n1 and n2 hold {'x': 1}; n3 holds {'x': 2}."
>>> seen = [(1.0, {"n1": 1, "n2": 2}), (1.4, {"n1": 2, "n2": 2}), (2.0, {"n1": 2, "n2": 2})]
>>> converges(seen, healed=1.0, within=0.5)
<holds: Within a set time after the network has healed all nodes hold the same, and it stays so. (after 0.4 s)>
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ds101.checks.answer import Answer, broken, check, holds, inconclusive
from ds101.checks.fields import value_in_words
from ds101.draw.timeline import clock
from ds101.draw.wording import counted
from ds101.trace import Trace, by_number

Seconds = float


@check(hint="By which way could what one node knows still reach the other, and what happens if that message is lost?")
def converged(values: Mapping[str, Any]) -> Answer:
    """All nodes hold the same in the end.

    `values` is what each node holds, by its name. Inconclusive where there are fewer than two.
    """
    if len(values) < 2:
        return inconclusive(f"There {'is' if values else 'are'} only {counted(len(values), 'node')} to compare.")
    groups = _groups(values)
    if len(groups) == 1:
        return holds(f"{counted(len(values), 'node')} hold {value_in_words(groups[0][0])}")
    return broken(f"{_told(groups)}.", evidence=groups)


@check(hint="What makes a node try again after the network has healed, and how long does it wait?")
def converges(samples: Sequence[tuple[Seconds, Mapping[str, Any]]], healed: Seconds, within: Seconds) -> Answer:
    """Within a set time after the network has healed all nodes hold the same, and it stays so.

    `samples` are (time, what each node held then), in the order of time; `healed` is the time of healing (see
    `healed_at`), all in seconds. The evidence is how many seconds it took. Inconclusive where the watch ended too
    early.
    """
    later = [(at, values) for at, values in samples if at >= healed]
    if not later:
        return inconclusive(f"Nothing was seen after {clock(healed)} s, when the network had healed.")
    differing = [number for number, (_, values) in enumerate(later) if len(_groups(values)) > 1]
    first = differing[-1] + 1 if differing else 0
    last_seen = later[-1][0] - healed
    if first < len(later) and later[first][0] - healed <= within:
        took = later[first][0] - healed
        return holds(f"after {clock(took)} s", took)
    if last_seen < within:
        return inconclusive(f"It was watched for {clock(last_seen)} s only, and has {clock(within)} s.")
    at, values = later[differing[-1]]
    return broken(
        f"Still {clock(at - healed)} s after it had healed: {_told(_groups(values))}.", evidence=_groups(values)
    )


def healed_at(trace: Trace) -> Seconds | None:
    """When the last partition ended; 0.0 where there was none, None while one still stands or if it can't be told."""
    if trace.cut:
        return None
    standing: set[object] = set()
    healed = 0.0
    for event in trace:
        if event.kind == "partition":
            standing.add(event.body.get("fault"))
        elif event.kind == "heal":
            ended = event.body.get("fault")
            standing = set() if ended is None else standing - {ended}
            healed = event.at
    return None if standing else healed


def _groups(values: Mapping[str, Any]) -> list[tuple[Any, list[str]]]:
    """Each value that some hold, with who holds it."""
    groups: list[tuple[Any, list[str]]] = []
    for node in sorted(values, key=by_number):
        for value, nodes in groups:
            if value == values[node]:
                nodes.append(node)
                break
        else:
            groups.append((values[node], [node]))
    return groups


def _told(groups: Sequence[tuple[Any, list[str]]]) -> str:
    return "; ".join(
        f"{_listed(nodes)} {'hold' if len(nodes) > 1 else 'holds'} {value_in_words(value)}" for value, nodes in groups
    )


def _listed(nodes: Sequence[str]) -> str:
    *first, last = nodes
    return f"{', '.join(first)} and {last}" if first else last
