"""Trials: runs as values, searched for a failure, shrunk, kept as a line, and replayed as they were."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ds101 import Call, Message, Mistake, Node, Verdict, on
from ds101.bad_days import BadDay, Budget, Step, bad_day
from ds101.checks.answer import Answer, broken, check, holds
from ds101.explorer import replay
from ds101.trials import Counterexample, Run, Trial, first_failure
from ds101.trials.trial import trial_from
from tests.election import Election, leaders


class Forgetful(Election):
    """Keeps its vote in memory only: after a crash it votes again in the same term."""

    def start(self) -> None:
        super().start()
        self.voted_for = None


@check(hint="Which of a node's attributes must outlive it, and from which moment on?")
def one_leader_a_term(run: Run) -> Answer:
    """No two nodes send heartbeats in the same term."""
    for term, nodes in sorted(leaders(run.trace).items()):
        if len(nodes) > 1:
            return broken(f"{' and '.join(sorted(nodes))} both sent heartbeats in term {term}.")
    return holds()


def bad_days(number: int) -> Iterator[Trial]:
    for seed in range(number):
        day = bad_day(("n1", "n2", "n3"), seed, 3.0, Budget(crashes=4, links=2, down=2))
        yield Trial(n=3, seed=seed, seconds=3.0, day=day)


class Add(Message):
    amount: int


class Sum(Message):
    total: int


class Counter(Node):
    """Takes the largest amount for nothing: a mistake that shows with one operation."""

    def start(self) -> None:
        self.total = 0

    @on(Add)
    def add(self, request: Add, client: str) -> None:
        self.total += request.amount % 10
        self.send(client, Sum(self.total))


@check(hint="What does the node do with an amount of 10?")
def adds_up(run: Run) -> Answer:
    """The node's total is the sum of what was added."""
    asked = sum(sent.body.amount for sent in run.sent(Add))
    return holds() if run.states["n1"]["total"] == asked else broken(f"{asked} were added.")


def test_an_election_that_forgets_its_vote_is_found_and_a_right_one_is_not() -> None:
    found = first_failure(Forgetful, one_leader_a_term, bad_days(100))
    assert found.verdict is Verdict.BROKEN
    assert first_failure(Election, one_leader_a_term, bad_days(100)).verdict is Verdict.HOLDS


def test_a_failure_shrinks_until_nothing_can_go() -> None:
    calls = tuple(Call("n1", Add(amount), after=0.01) for amount in (1, 2, 10, 3))
    day = bad_day(("n2", "n3"), seed=1, seconds=1.0, budget=Budget(crashes=1, links=1))
    trial = Trial(n=3, seconds=1.0, workload=(("ada", calls), ("bob", calls[:2])), day=day)
    small = Counterexample.of(trial, Counter, adds_up).trial
    assert (small.n, small.day.steps, small.workload) == (1, (), (("ada", calls[2:3]),))


def test_a_line_replays_the_run_event_by_event(tmp_path: Path) -> None:
    trial = next(trial for trial in bad_days(100) if not one_leader_a_term(trial.run(Forgetful)))
    first = Counterexample.as_it_is(trial, Forgetful, one_leader_a_term)
    again = Counterexample.replay(first.line(), Forgetful, one_leader_a_term)
    assert again.run.trace.digest() == first.run.trace.digest()
    assert "\n" not in first.line()
    first.save(tmp_path / "failure.json")
    assert Counterexample.load(tmp_path / "failure.json", Forgetful, one_leader_a_term).answer == first.answer


def test_a_failure_of_safety_shrinks_to_an_order_of_events_with_nothing_to_spare() -> None:
    found = first_failure(Forgetful, one_leader_a_term, bad_days(100))
    assert found.trial is not None
    small = Counterexample.of(found.trial, Forgetful, one_leader_a_term, safety=True)
    steps = small.schedule.split()
    assert {"crash", "restart"} <= {step.rpartition(".")[2] for step in steps}
    assert len(steps) <= 14
    assert len(small.text().splitlines()) <= 25
    again = replay(Forgetful, small.schedule, n=3)
    assert again.trace.digest() == small.run.trace.digest()


def test_the_report_has_the_sentence_the_story_the_replay_and_the_hint_on_few_lines() -> None:
    trial = Trial(n=1, workload=(("ada", (Call("n1", Add(10)),)),))
    text = Counterexample.of(trial, Counter, adds_up).text()
    assert "✗ The node's total is the sum of what was added." in text
    assert "ada → n1   Add(amount=10)" in text
    assert "Again:  Counterexample.replay(" in text
    assert "Think:  What does the node do with an amount of 10?" in text
    assert len(text.splitlines()) <= 25


def test_what_is_no_trial_is_told_in_a_sentence() -> None:
    with pytest.raises(Mistake, match="is no trial of these nodes"):
        trial_from("hello", Counter)


class Again(Message):
    """Adds what the client was told last."""

    def informed(self, told: Sequence[tuple[object, Sum | None]]) -> Message:
        return Add(told[-1][1].total) if told and told[-1][1] else Add(0)


def test_a_request_may_depend_on_what_its_client_was_told_before() -> None:
    trial = Trial(1, workload=(("ada", (Call("n1", Add(3)), Call("n1", Again()), Call("n1", Again()))),))
    replies = [operation.reply for operation in trial.run(Counter).history]
    assert replies == [Sum(3), Sum(6), Sum(12)]


def test_a_step_of_a_day_may_concern_one_link_only() -> None:
    steps = (Step(0.0, "one link", ("ada", "n1", ("loss", 1.0)), 1), Step(0.3, "mend", (), 1))
    calls = (Call("n1", Add(1), timeout=0.1, after=0.1), Call("n1", Add(2), after=0.5))
    run = Trial(1, workload=(("ada", calls), ("bob", calls)), day=BadDay(steps, 1.0)).run(Counter)
    assert [operation.outcome for operation in run.history.of("ada")] == ["info", "ok"]
    assert [operation.outcome for operation in run.history.of("bob")] == ["ok", "ok"]


@check(hint="Which link?")
def no_link_is_bad(run: Run) -> Answer:
    """No link does anything wrong."""
    return broken("One did.") if any(event.kind == "link" for event in run.trace) else holds()


def test_a_smaller_trial_has_no_fault_of_a_link_to_a_node_that_is_gone() -> None:
    faults = [("n1", "n2", ("loss", 1.0)), ("n2", "n3", ("loss", 1.0))]
    steps = tuple(Step(0.0, "one link", fault, number) for number, fault in enumerate(faults, start=1))
    small = Counterexample.of(Trial(3, day=BadDay(steps, 0.5)), Counter, no_link_is_bad).trial
    assert (small.n, small.day.steps) == (2, steps[:1])
