"""A failing run as a student reads it: as small as it gets, step by step, drawn, with the line that replays it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from ds101.checks.answer import Answer, holds
from ds101.draw import picture_of, steps_of
from ds101.explorer.result import Reached
from ds101.labs.specification import Parts, Property
from ds101.labs.worlds.outcome import Failure
from ds101.labs.worlds.trying import unwritten_or_broken
from ds101.trace import Trace, base_name
from ds101.trials import Counterexample, Run, Trial, searched_for
from ds101.trials.ending import until_broken
from ds101.trials.search import Check

MOST_RUNS = 100  # when a failing day is made smaller
SEEDS = 50  # with which a real failure is searched for in the simulation
FLOOD, BEGINNING = 50_000, 200  # events of a run with a great many, and how many of them are told
SEEN = "It was seen on real processes, and found again in the simulation, which shows it here."
TIMES = re.compile(r" \([\d.]+–[\d.]+ s\)")  # of an operation
MAY_NOT_RECUR = "Seen on real processes; it may not recur. No simulated run showed it."


def story_of(one: Property, failure: Failure, parts: Parts, answer: Answer) -> Answer:
    """The answer with the story of its failure. Making it may take a few seconds."""
    if isinstance(failure.what, Reached):
        return told(one, answer, failure.what.trace, replay_line(failure.stage.name, "order", failure.what.schedule))
    if failure.run is None or not isinstance(failure.what, Trial) or not one.data.get("story", True):
        return answer  # its sentence says it all: there may be a thousand operations behind it
    trial, nodes = failure.what, failure.stage.nodes(parts)
    check = same_failure(one, failure.run)
    if failure.takes_long:
        return told(one, answer, failure.run.trace, replay_line(failure.stage.name, "day", trial.line()))
    safety = not one.data.get("live")
    if failure.stage.kind == "simulation":
        found: Counterexample | None = Counterexample.of(trial, nodes, check, safety=safety, most_runs=MOST_RUNS)
    else:
        found = searched_for(trial, nodes, check, seeds=SEEDS, safety=safety, most_runs=MOST_RUNS)
    if found is None:
        shown = until_broken(failure.run, check) if safety else failure.run
        seen = replace(answer, headline=f"{check(shown).headline} {MAY_NOT_RECUR}")
        return told(one, seen, shown.trace, replay_line(failure.stage.name, "real", trial.line()))
    return told(
        one, _headed(answer, found, failure), found.run.trace, replay_line(failure.stage.name, "day", found.line())
    )


def same_failure(one: Property, run: Run) -> Check:
    """What is broken in that run, as a check: the property, or that a node died."""
    if run.error is None:
        return lambda other: one.check(other) if other.error is None else holds()
    return lambda other: holds() if other.error is None else unwritten_or_broken(other.error)


def told(one: Property, answer: Answer, trace: Trace, replay: str) -> Answer:
    """The answer with the steps and the picture of a run, or of what the property wants to be `shown` of it.

    Of a flood, its beginning tells most; of an order of events, the nodes that took part, and no times.
    """
    trace = one.data["shown"](trace) if "shown" in one.data else trace
    trace = trace if len(trace) < FLOOD else Trace(trace[:BEGINNING], trace.nodes)
    if not trace.timed:
        trace = trace.filter(nodes=_busy(trace))
        answer = replace(answer, headline=TIMES.sub("", answer.headline))
    return replace(answer, steps=steps_of(trace), draw=cache(picture_of(trace)), replay=f"{one.title} {replay}")


def _busy(trace: Trace) -> set[str]:
    """The nodes and clients that did more than start."""
    idle = ("start", "change", "set", "cancel")
    names = {name for event in trace if event.kind not in idle for name in (event.node, event.src, event.dst)}
    return {base_name(name) for name in names}


def replay_line(stage: str, how: str, what: str) -> str:
    """A run of a stage: a day of the simulation, a real one, or an order of events."""
    return f"{stage}: {how} {what}"


def _headed(answer: Answer, found: Counterexample, failure: Failure) -> Answer:
    seen = f" {SEEN}" if failure.stage.kind == "processes" else ""
    return replace(answer, headline=f"{found.answer.headline}{seen}")
