"""lab10: what is special to its specification. Its wrong solutions are judged in test_mutants.py."""

from collections.abc import Sequence
from itertools import islice
from random import Random

import pytest

from autograder.mutants import another_way, reference
from ds101 import Cluster, History, Message, Node, Verdict, explore
from ds101.history import Operation
from ds101.labs import Property
from ds101.labs.lab10 import AS_READ, DEADLINE, LAB, Done, Get, Put, Read, Refused, Siblings, Stored, Value, Write
from ds101.labs.lab10.asked import GRACE, asked
from ds101.labs.lab10.available import audits
from ds101.labs.lab10.consistent import meant
from ds101.labs.lab10.contact import Contact
from ds101.labs.lab10.replaced import covers
from ds101.labs.lab10.runs import (
    READERS,
    WRITER,
    available_days,
    available_real_days,
    consistent_days,
    consistent_real_days,
)
from ds101.labs.lab10.scenes import two_blind_writes
from ds101.labs.lab10.telling import around, as_clients_saw_it
from ds101.labs.lab10.weather import FAULTS, bad_day
from ds101.labs.worlds import Orders
from ds101.trace import Event, Trace
from ds101.trials import Run, Trial
from ds101.trials.trial import trial_from

NODES = ("n1", "n2", "n3", "n4", "n5")
CONSISTENT = [one for one in LAB.properties if one.needs == ("ConsistentStore",)]
AVAILABLE = [one for one in LAB.properties if one.needs == ("AvailableStore",)]
OURS = dict(zip(LAB.parts, reference("lab10"), strict=True))
OTHER = {part.__name__: part for part in another_way("lab10")}


def nothing(self: Node, request: Message, client: str) -> None:
    """Does nothing."""


def silent(store: type[Node], *handlers: str) -> type[Node]:
    """A store that hears its clients, and does nothing."""
    return type(f"Silent{store.__name__}", (store,), dict.fromkeys(handlers, nothing))


SilentConsistentStore = silent(OURS["ConsistentStore"], "begin")
SilentAvailableStore = silent(OURS["AvailableStore"], "answer", "take")


def calm_day() -> Trial:
    return next(trial for trial in consistent_days(Random(1), 1) if not trial.day.steps)


def verdicts(run: Run, properties: Sequence[Property]) -> dict[str, Verdict]:
    assert run.error is None
    return {one.title: one.check(run).verdict for one in properties}


# Right solutions, and the silent one


@pytest.mark.parametrize("parts", [OURS, OTHER], ids=["ours", "built otherwise"])
def test_a_right_solution_breaks_nothing_on_simulated_days(parts: dict[str, type[Node]]) -> None:
    held = set()
    for store, days, properties in (
        ("ConsistentStore", consistent_days, CONSISTENT),
        ("AvailableStore", available_days, AVAILABLE),
    ):
        for trial in islice(days(Random(77), 1), 20):
            for title, verdict in verdicts(trial.run(parts[store], watch=False), properties).items():
                assert verdict is not Verdict.BROKEN, f"{title}: {trial.line()}"
                held |= {title} if verdict is Verdict.HOLDS else set()
    assert held == {one.title for one in LAB.properties}


@pytest.mark.cluster
def test_our_solution_breaks_no_safety_on_real_processes() -> None:
    day = next(consistent_real_days(Random(5), 1))
    assert CONSISTENT[0].check(day.run(OURS["ConsistentStore"], Cluster)).verdict is Verdict.HOLDS
    day = next(available_real_days(Random(5), 1))
    assert verdicts(day.run(OURS["AvailableStore"], Cluster), AVAILABLE)["no write is lost"] is not Verdict.BROKEN


@pytest.mark.parametrize("stage", [READERS, WRITER], ids=lambda stage: stage.name)
def test_no_order_of_events_breaks_our_solution(stage: Orders) -> None:
    found = explore(
        OURS["ConsistentStore"],
        stage.n,
        clients=stage.clients,
        invariants=lambda view: CONSISTENT[0].check(view).verdict is not Verdict.BROKEN,
        states=5_000,
        **stage.options,
    )
    assert found.verdict is not Verdict.BROKEN


def test_a_node_that_does_nothing_fails_what_is_about_liveness() -> None:
    found = verdicts(calm_day().run(SilentConsistentStore, watch=False), CONSISTENT)
    assert found["linearizable"] is Verdict.INCONCLUSIVE
    assert found["an answer by the deadline"] is found["a majority serves"] is Verdict.BROKEN
    trial = two_blind_writes(Random(1))
    found = verdicts(trial.run(SilentAvailableStore, watch=False), AVAILABLE)
    assert found["always a result"] is Verdict.BROKEN
    assert {verdict for title, verdict in found.items() if title != "always a result"} == {Verdict.INCONCLUSIVE}


# Who was in contact with whom


def event(number: int, kind: str, at: float, node: str = "", **body: object) -> Event:
    return Event(f"e{number}", kind, at, node, number, body=body)


def contact(*events: Event, margin: float = 0.0) -> Contact:
    started = [event(number, "start", 0.0, node) for number, node in enumerate(NODES, start=1)]
    return Contact(Trace([*started, *events]), margin)


def cut(number: int, at: float, *sides: Sequence[str], one_way: bool = False) -> Event:
    return event(number, "partition", at, sides=[list(side) for side in sides], one_way=one_way, fault=f"p{number}")


def test_without_faults_everybody_is_in_contact() -> None:
    assert contact().circle("n3", 0.0, 9.0) == NODES


def test_a_cut_that_touches_the_time_ends_the_contact_across_it_and_no_other() -> None:
    seen = contact(cut(10, 1.0, ("n1", "n2"), ("n3", "n4", "n5")), event(11, "heal", 2.0, fault="p10"))
    assert seen.circle("n1", 0.5, 1.0) == ("n1", "n2")
    assert seen.circle("n4", 1.4, 1.6) == ("n3", "n4", "n5")
    assert seen.circle("n1", 2.1, 3.0) == seen.circle("n1", 0.0, 0.9) == NODES
    assert not seen.has_majority("n1", 1.1, 1.2)
    assert seen.has_majority("n4", 0.0, 9.0)


def test_a_one_way_cut_ends_two_way_contact() -> None:
    seen = contact(cut(10, 1.0, ("n1",), ("n2",), one_way=True))
    assert not seen.between("n1", "n2", 1.0, 2.0)
    assert not seen.between("n2", "n1", 1.0, 2.0)
    assert seen.between("n1", "n3", 1.0, 2.0)


def test_each_partition_ends_for_itself_and_a_heal_without_a_name_ends_all() -> None:
    two = (cut(10, 1.0, ("n1",), ("n2",)), cut(11, 1.0, ("n1",), ("n2", "n3")))
    assert not contact(*two, event(12, "heal", 2.0, fault="p10")).between("n1", "n2", 3.0, 4.0)
    assert contact(*two, event(12, "heal", 2.0)).between("n1", "n2", 3.0, 4.0)


def test_a_node_that_is_down_or_stopped_is_in_contact_with_nobody() -> None:
    for down, up in (("crash", "restart"), ("pause", "resume")):
        seen = contact(event(10, down, 1.0, "n2"), event(11, up, 2.0, "n2"))
        assert seen.circle("n1", 1.5, 1.6) == ("n1", "n3", "n4", "n5")
        assert not seen.has_majority("n2", 1.5, 1.6)
        assert seen.has_majority("n2", 2.1, 3.0)


def test_a_link_that_loses_is_no_contact_and_one_that_delays_is() -> None:
    lossy = event(10, "link", 1.0, a="n1", b="n2", loss=0.1, one_way=False, fault="l1")
    slow = event(11, "link", 1.0, a="n1", b="n3", jitter=0.01, delay=[0.0, 0.1], fault="l2")
    seen = contact(lossy, slow)
    assert seen.circle("n1", 1.0, 2.0) == ("n1", "n3", "n4", "n5")


def test_the_margin_widens_every_fault() -> None:
    seen = contact(cut(10, 1.0, ("n1",), NODES[1:]), event(11, "heal", 2.0, fault="p10"), margin=0.1)
    assert not seen.has_majority("n1", 0.0, 0.95)
    assert not seen.has_majority("n1", 2.05, 3.0)
    assert seen.has_majority("n1", 2.15, 3.0)


def test_the_simulation_notes_its_faults_as_the_module_reads_them() -> None:
    trial = Trial(5, seconds=1.0, day=bad_day(Random(3), NODES, 1.0, FAULTS))
    trace = trial.run(OURS["AvailableStore"], watch=False).trace
    seen = Contact(trace)
    assert seen.nodes == NODES
    assert all(seen.circle(node, 0.0, 1.0) != NODES for node in NODES)


# What is read from histories


def operation(client: str, number: int, request: object, reply: object, outcome: str = "ok") -> Operation:
    return Operation(client, "n1", request, float(number), number + 0.5, outcome, reply)  # type: ignore[arg-type]


def test_a_refused_write_is_unknown_and_a_refused_read_is_nothing() -> None:
    history = History([
        operation("ada", 1, Write("x", "a"), Refused()),
        operation("ada", 2, Read("x"), Refused()),
        operation("ada", 3, Read("x"), Value("a")),
        operation("ada", 4, Write("x", "b"), Done()),
        operation("ada", 5, Read("x"), Done()),
    ])  # fmt: skip
    assert [one.outcome for one in meant(history)] == ["info", "fail", "ok", "ok", "fail"]


def test_a_context_covers_what_its_client_was_told_last_and_not_what_others_were() -> None:
    history = History([
        operation("ada", 1, Put("x", "milk", {}), Stored()),
        operation("bob", 2, Get("x"), Siblings(["milk"], {"n1": 1})),
        operation("ada", 3, Put("x", "bread", {}), Stored()),
        operation("bob", 4, Put("x", "cheese", {"n1": 1}), None, "info"),
        operation("bob", 5, Get("y"), Siblings(["paint"], {"n1": 1})),
        operation("bob", 6, Put("y", "brush", {"n1": 1}), None, "fail"),
    ])  # fmt: skip
    assert {value: [one.request.value for one in by] for value, by in covers(history).items()} == {"milk": ["cheese"]}


def test_a_workload_s_write_carries_the_context_that_its_client_was_told_last_for_the_key() -> None:
    told = [(Get("x"), Siblings(["a"], {"n1": 1})), (Get("y"), Siblings([], {})), (Get("x"), None)]
    assert Put("x", "b", AS_READ).informed(told) == Put("x", "b", {"n1": 1})
    assert Put("z", "b", AS_READ).informed(told) == Put("z", "b", {})
    assert Put("x", "b", {}).informed(told) == Put("x", "b", {})


def test_a_trial_with_contexts_still_to_come_is_replayed_from_its_line() -> None:
    trial = next(available_days(Random(1), 1))
    again = trial_from(trial.line(), OURS["AvailableStore"])
    first, second = (one.run(OURS["AvailableStore"]).trace.digest() for one in (trial, again))
    assert first == second


def test_an_audit_that_comes_too_early_is_none() -> None:
    trial = two_blind_writes(Random(2))
    assert len(audits(trial.run(OURS["AvailableStore"]))["cart"]) == len(NODES)
    name, calls = trial.workload[-1]
    hasty = Trial(5, trial.seed, 3.0, (*trial.workload[:-1], (name, calls[1:])), trial.day)
    assert audits(hasty.run(OURS["AvailableStore"])) == {}


def test_requests_that_a_node_had_no_time_to_answer_are_left_out() -> None:
    run = calm_day().run(SilentConsistentStore)
    arrived = [event for event in run.trace if event.kind == "deliver" and event.type in ("Read", "Write")]
    first = arrived[0]
    assert len(list(asked(run.trace, Read, Write))) == len(arrived)
    crash = Event("x", "crash", first.at + DEADLINE / 2, first.dst, 0)
    left = list(asked(Trace([*run.trace, crash]), Read, Write))
    assert {one.node for one in left} == {event.dst for event in arrived} - {first.dst}
    early = Trace([event for event in run.trace if event.at <= first.at + DEADLINE])
    assert list(asked(early, Read, Write)) == []


def test_days_are_drawn_from_the_seed_alone() -> None:
    for days in (consistent_days, available_days, consistent_real_days, available_real_days):
        lines = [[trial.line() for trial in days(Random(4), 1)] for _ in range(2)]
        assert lines[0] == lines[1]
        assert lines[0] != [trial.line() for trial in days(Random(5), 1)]


def test_every_day_has_the_faults_that_the_issue_names() -> None:
    verbs = {step.verb for trial in consistent_days(Random(1), 1) for step in trial.day.steps}
    assert verbs == {"partition", "one-way partition", "heal", "crash", "restart", "one link", "mend"}
    real = {step.verb for trial in consistent_real_days(Random(1), 2) for step in trial.day.steps}
    assert {"partition", "one-way partition", "crash"} <= real


def test_every_fault_of_a_day_ends_within_it() -> None:
    for trial in islice(available_days(Random(2), 1), 12):
        assert trial.run(OURS["AvailableStore"], watch=False).calm is not None


def test_a_story_of_shoppers_has_no_messages_between_nodes() -> None:
    run = two_blind_writes(Random(1)).run(OURS["AvailableStore"])
    told = as_clients_saw_it(run.trace)
    assert {event.type for event in told if event.kind == "deliver"} == {"Put", "Stored", "Get", "Siblings"}
    assert len(told) < len(run.trace) / 10


def test_a_story_of_a_deadline_ends_with_the_request_that_missed_it() -> None:
    trace = calm_day().run(SilentConsistentStore).trace
    first = next(asked(trace, Read, Write))
    told = around(trace, first)
    assert 0 < len(told) < len(trace)
    assert first.at <= told[-1].at <= first.at + DEADLINE + GRACE
    assert around(trace, None) is trace
