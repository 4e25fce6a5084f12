"""Staleness, invariants, convergence and message budgets; and what every check answers."""

from __future__ import annotations

from typing import Any

import pytest
from histories import told

from ds101 import Trace, Verdict
from ds101.checks import (
    Answer,
    Register,
    broken,
    check,
    converged,
    converges,
    fresh,
    healed_at,
    holds,
    invariant,
    staleness,
    within_budget,
)
from ds101.errors import Inconclusive, Mistake
from ds101.trace import Event

HOLDS, BROKEN, INCONCLUSIVE = Verdict.HOLDS, Verdict.BROKEN, Verdict.INCONCLUSIVE
MODEL = Register()


def test_staleness_is_how_long_ago_and_how_often_a_value_was_overwritten() -> None:
    history = [
        told("write('x', 1)", at=(0, 1)),
        told("write('x', 2)", at=(2, 3)),
        told("write('x', 3)", at=(4, 5)),
        told("read('x')", 1, at=(7, 8), by="bob"),
        told("read('x')", 3, at=(7, 8), by="cy"),
        told("read('x')", None, at=(0.5, 9), by="dan"),
    ]
    found = staleness(history, MODEL)
    by = {lag.read.client: lag for lag in found.lags}
    assert (by["bob"].seconds, by["bob"].versions) == (4, 2)
    assert by["bob"].overwritten_by == history[1]
    assert (by["cy"].seconds, by["cy"].versions) == (0, 0)
    assert (by["dan"].seconds, by["dan"].versions) == (0, 0)
    assert repr(found) == "Staleness(1 of 3 reads was stale, by up to 4 s and 2 versions)"
    assert found.share == pytest.approx(1 / 3)


def test_only_what_was_surely_overwritten_before_a_read_began_makes_it_stale() -> None:
    first = told("write('x', 1)", at=(0, 2))
    overlapping = told("write('x', 2)", at=(1, 3), by="bob")
    assert not staleness([first, overlapping, told("read('x')", 1, at=(5, 6))], MODEL).stale
    during = told("write('x', 2)", at=(3, 5), by="bob")
    assert not staleness([first, during, told("read('x')", 1, at=(4, 6))], MODEL).stale
    lost = told("write('x', 2)", at=(3, None), by="bob")
    assert not staleness([first, lost, told("read('x')", 1, at=(9, 10))], MODEL).stale


def test_reads_may_be_bounded_in_seconds_and_in_versions() -> None:
    history = [told("write('x', 1)", at=(0, 1)), told("read('x')", None, at=(3, 4), by="bob")]
    assert fresh(history, MODEL, seconds=2).verdict is HOLDS
    assert fresh(history, MODEL, versions=1).verdict is HOLDS
    answer = fresh(history, MODEL, seconds=1.9)
    assert answer.verdict is BROKEN
    assert (
        answer.headline == "bob's read() → None (3–4 s) tells of the initial value, which was 2 s and 1 version behind."
    )
    assert "read() → None" in answer.svg()


def test_staleness_of_what_can_not_be_matched_is_inconclusive() -> None:
    twice = [told("write('x', 1)", at=(0, 1)), told("write('x', 1)", at=(2, 3)), told("read('x')", 1, at=(4, 5))]
    assert fresh(twice, MODEL, versions=0).verdict is INCONCLUSIVE
    with pytest.raises(Inconclusive, match="more than once"):
        staleness(twice, MODEL)
    with pytest.raises(Inconclusive, match="nobody wrote"):
        staleness([told("read('x')", 9, at=(0, 1))], MODEL)


@invariant(hint="Who pays?")
def never_in_debt(balances: Any) -> bool:
    """Nobody owes the bank anything.

    This is not the sentence.
    """
    return all(balance >= 0 for balance in balances.values())


def test_an_invariant_names_the_first_state_that_breaks_it() -> None:
    states = [(0.1, {"ada": 3}), (0.25, {"ada": -1}), (0.3, {"ada": -2})]
    answer = never_in_debt.over(states)
    assert answer.verdict is BROKEN
    assert answer.evidence == (0.25, {"ada": -1})
    assert repr(answer) == "<broken: Nobody owes the bank anything. Not so at 0.25 s: {'ada': -1}>"
    assert answer.hint == "Who pays?"
    assert never_in_debt.over(states[:1]).verdict is HOLDS
    assert never_in_debt.over([]).verdict is INCONCLUSIVE
    assert never_in_debt({"ada": 0})
    assert never_in_debt.over([("after step 3", {"ada": -1})]).headline.startswith("Not so after step 3")


def test_an_invariant_without_a_sentence_is_a_mistake() -> None:
    with pytest.raises(Mistake, match="one sentence that is true in every state"):
        invariant(hint="")(lambda state: True)


def test_nodes_that_hold_different_things_are_named_with_what_they_hold() -> None:
    assert converged({"n1": {"a"}, "n2": {"a"}}).verdict is HOLDS
    answer = converged({"n10": [2], "n2": [1], "n1": [1], "n3": [1]})
    assert answer.verdict is BROKEN
    assert answer.headline == "n1, n2 and n3 hold [1]; n10 holds [2]."
    assert converged({"n1": 1}).verdict is INCONCLUSIVE


def seen(*values: tuple[float, int, int]) -> list[tuple[float, dict[str, int]]]:
    return [(at, {"n1": one, "n2": other}) for at, one, other in values]


def test_convergence_has_to_come_in_time_and_to_stay() -> None:
    samples = seen((0.5, 1, 1), (1.0, 1, 2), (1.2, 2, 2), (1.4, 2, 2))
    answer = converges(samples, healed=1.0, within=0.3)
    assert answer.verdict is HOLDS
    assert answer.evidence == pytest.approx(0.2)
    assert converges(samples, healed=1.0, within=0.1).verdict is BROKEN
    relapsed = [*samples, *seen((1.6, 2, 3))]
    assert converges(relapsed, healed=1.0, within=0.3).verdict is BROKEN
    assert "n1 holds 2; n2 holds 3" in converges(relapsed, healed=1.0, within=0.3).headline


def test_a_watch_that_ended_too_early_shows_nothing() -> None:
    assert converges(seen((1.0, 1, 2), (1.1, 1, 2)), healed=1.0, within=0.3).verdict is INCONCLUSIVE
    assert converges(seen((0.9, 1, 1)), healed=1.0, within=0.3).verdict is INCONCLUSIVE


def test_healing_is_when_the_last_partition_ended() -> None:
    def event(number: int, kind: str, at: float, fault: str | None) -> Event:
        return Event(f"e{number}", kind, at, "", 0, body={} if fault is None else {"fault": fault})

    one, two = event(1, "partition", 1.0, "p1"), event(2, "partition", 2.0, "p2")
    assert healed_at(Trace([])) == 0.0
    assert healed_at(Trace([one, two, event(3, "heal", 3.0, "p1")])) is None
    assert healed_at(Trace([one, two, event(3, "heal", 3.0, "p1"), event(4, "heal", 4.0, "p2")])) == 4.0
    assert healed_at(Trace([one, two, event(3, "heal", 3.0, None)])) == 3.0
    assert healed_at(Trace([one, two, event(3, "heal", 3.0, None)], cut=5)) is None


def copies(operations: int, each: int) -> list[Event]:
    """Client requests, each copied on to some nodes."""
    events = []
    for number in range(operations):
        asked = Event(f"i{number}", "invoke", number, "c1", 0)
        request = Event(f"r{number}", "send", number, "c1", 0, asked.id, f"c1.{number}", "n1", "Put")
        got = Event(f"g{number}", "deliver", number, "n1", 0, request.id, f"c1.{number}", "n1", "Put")
        events += [asked, request, got]
        events += [
            Event(f"s{number}.{copy}", "send", number, "n1", 0, got.id, "n1", f"n{copy + 2}", "Copy")
            for copy in range(each)
        ]
    return events


def test_messages_are_counted_in_a_run_of_a_node_and_for_each_operation_by_its_causes() -> None:
    trace = Trace([*copies(2, 3), Event("t", "send", 9.0, "n2", 0, None, "n2", "n1", "Heartbeat")])
    assert within_budget(trace, 7).verdict is HOLDS
    assert (
        within_budget(trace, 6).headline == "7 messages in the whole run, and 6 would be allowed: 6 Copy, 1 Heartbeat."
    )
    assert within_budget(trace, 9, clients=True).verdict is HOLDS
    assert within_budget(trace, 1, types=["Heartbeat"]).verdict is HOLDS
    assert within_budget(trace, 5, per="node").headline.startswith("6 messages sent by n1")
    assert within_budget(trace, 3, per="operation").verdict is HOLDS
    assert within_budget(trace, 2, per="operation").headline.startswith("3 messages for one operation")
    assert within_budget(trace, 3.5, per="operation on average").verdict is HOLDS
    assert within_budget(trace, 3.4, per="operation on average").verdict is BROKEN


def test_a_budget_that_a_cut_trace_keeps_is_inconclusive_and_one_that_it_exceeds_is_broken() -> None:
    assert within_budget(Trace(copies(1, 3), cut=10), 3).verdict is INCONCLUSIVE
    assert within_budget(Trace(copies(1, 3), cut=10), 2).verdict is BROKEN
    assert within_budget(Trace([]), 3, per="operation").verdict is INCONCLUSIVE


def test_a_check_needs_a_sentence_and_its_answer_carries_it_with_the_hint() -> None:
    @check(hint="Look again.")
    def even(number: int) -> Answer:
        """The number is even."""
        return holds() if number % 2 == 0 else broken(f"{number} is odd.", ["1  look"])

    assert repr(even(2)) == "<holds: The number is even.>"
    assert even(3).text() == "✗ The number is even.\n\n  3 is odd.\n\n  1  look\n\n  Think:  Look again."
    assert "Look again." in even(3)._repr_html_()
    assert bool(even(2))
    assert not even(3)
    assert repr(even) == "<check: The number is even.>"
    with pytest.raises(Mistake, match="needs a docstring"):
        check(hint="")(lambda: holds())
