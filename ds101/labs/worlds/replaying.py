"""One run again, from the line that a report gave: a simulated day, a real one, or an order of events."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ds101.checks.answer import Answer
from ds101.cluster.cluster import Cluster
from ds101.errors import Mistake
from ds101.explorer import replay
from ds101.labs.specification import Parts, Property
from ds101.labs.worlds.orders import Orders
from ds101.labs.worlds.stories import told
from ds101.labs.worlds.trying import said_of, unwritten_or_broken
from ds101.trials import Counterexample
from ds101.trials.ending import until_broken
from ds101.trials.trial import trial_from

COPY = "The replay line can't be read. Copy it whole from the report."


def shown_again(one: Property, parts: Parts, line: str) -> Answer:
    """What the check says of that run, with its story. Raises `Mistake` if the line is none of this property's."""
    words = line.removeprefix(one.title).strip()
    for stage in one.data["worlds"]:
        how, _, what = words.removeprefix(f"{stage.name}: ").partition(" ")
        if words.startswith(f"{stage.name}: ") and how in ("day", "real", "order"):
            return replace(_shown(one, stage, stage.nodes(parts), how, what), replay=line)
    raise Mistake(COPY)


def _shown(one: Property, stage: Any, nodes: Any, how: str, what: str) -> Answer:
    if how == "order":
        return _order(one, stage, nodes, what)
    if how == "real":
        run = trial_from(what, nodes).run(nodes, Cluster)
    else:
        run = Counterexample.replay(what, nodes, lambda run: said_of(one, run)).run
    if run.trace.timed and not one.data.get("live"):
        run = until_broken(run, lambda run: said_of(one, run))
    return told(one, said_of(one, run), run.trace, "")


def _order(one: Property, stage: Orders, nodes: Any, schedule: str) -> Answer:
    network = stage.options.get("network", "set")
    there = replay(nodes, schedule, stage.n, clients=stage.clients, network=network)
    deaths = [event for event in there.trace if event.kind == "error"]
    check = one.data.get("orders", one.check)
    answer = unwritten_or_broken(RuntimeError(deaths[-1].detail)) if deaths else replace(check(there.view), hint="")
    return told(one, answer, there.trace, "")
