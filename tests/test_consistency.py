"""Sequential and causal consistency and the session guarantees: textbook histories, and every small one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from histories import (
    MODELS,
    distinct_writes,
    explains_causally,
    explains_session,
    has_order,
    histories,
    in_program,
    told,
)
from hypothesis import HealthCheck, given, settings

from ds101 import Verdict
from ds101.checks import (
    Budget,
    Counter,
    Register,
    causally_consistent,
    linearizable,
    monotonic_reads,
    monotonic_writes,
    read_your_writes,
    sequentially_consistent,
    writes_follow_reads,
)
from ds101.errors import Mistake
from ds101.history import Operation

HOLDS, BROKEN, INCONCLUSIVE = Verdict.HOLDS, Verdict.BROKEN, Verdict.INCONCLUSIVE
MODEL = Register()
Count = Callable[[int, int], int]


def thorough(examples: int) -> Any:
    checks = list(HealthCheck)
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=checks)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", sorted(MODELS))
def test_sequential_consistency_is_judged_as_trying_every_order_judges_it(name: str, count: Count) -> None:
    model = MODELS[name][0]
    seen: set[tuple[bool, bool]] = set()

    @thorough(count(150, 3_000))
    @given(histories(name, at_most=5))
    def compare(history: list[Operation]) -> None:
        expected = has_order(history, model, in_program)
        in_time = linearizable(history, model).verdict is HOLDS
        seen.add((expected, in_time))
        assert expected or not in_time
        assert sequentially_consistent(history, model).verdict is Verdict.of(expected)

    compare()
    assert {(True, True), (False, False)} <= seen


@pytest.mark.timeout(1800)
def test_every_small_history_is_judged_as_its_definition_says(count: Count) -> None:
    seen: set[tuple[str, Verdict]] = set()

    @thorough(count(300, 10_000))
    @given(distinct_writes(count(6, 7)))
    def compare(history: list[Operation]) -> None:
        found = {
            "read your writes": read_your_writes(history, MODEL).verdict,
            "monotonic reads": monotonic_reads(history, MODEL).verdict,
            "monotonic reads, by reads alone": monotonic_reads(history, MODEL, order="none").verdict,
            "monotonic writes": monotonic_writes(history, MODEL).verdict,
            "writes follow reads": writes_follow_reads(history, MODEL).verdict,
            "causal": causally_consistent(history, MODEL).verdict,
        }
        reads_alone = explains_session(history, {"rr"}, "none")
        assert found == {
            "read your writes": Verdict.of(explains_session(history, {"wr"}, "time")),
            "monotonic reads": Verdict.of(explains_session(history, {"rr"}, "time")),
            "monotonic reads, by reads alone": Verdict.of(reads_alone),
            "monotonic writes": beside(explains_session(history, {"rr", "ww"}, "none"), reads_alone),
            "writes follow reads": beside(explains_session(history, {"rr", "rw"}, "none"), reads_alone),
            "causal": Verdict.of(explains_causally(history)),
        }
        seen.update(found.items())

    compare()
    assert {verdict for name, verdict in seen if name == "monotonic writes"} >= {HOLDS, INCONCLUSIVE}
    for name in ("read your writes", "monotonic reads", "writes follow reads", "causal"):
        assert {verdict for one, verdict in seen if one == name} >= {HOLDS, BROKEN}


def beside(explained: bool, reads_alone: bool) -> Verdict:
    return HOLDS if explained else BROKEN if reads_alone else INCONCLUSIVE


@pytest.mark.timeout(1800)
def test_what_is_stronger_implies_what_is_weaker(count: Count) -> None:
    @thorough(count(200, 10_000))
    @given(distinct_writes(8))
    def compare(history: list[Operation]) -> None:
        if linearizable(history, MODEL).verdict is HOLDS:
            assert read_your_writes(history, MODEL).verdict is HOLDS
            assert monotonic_reads(history, MODEL).verdict is HOLDS
            assert sequentially_consistent(history, MODEL).verdict is HOLDS
        if sequentially_consistent(history, MODEL).verdict is HOLDS:
            assert causally_consistent(history, MODEL).verdict is HOLDS
        if causally_consistent(history, MODEL).verdict is HOLDS:
            assert read_your_writes(history, MODEL, order="client").verdict is HOLDS
            assert monotonic_reads(history, MODEL, order="client").verdict is HOLDS
            assert monotonic_writes(history, MODEL).verdict is HOLDS
            assert writes_follow_reads(history, MODEL).verdict is HOLDS

    compare()


def test_an_old_value_is_sequentially_consistent_while_all_see_one_order() -> None:
    late = [told("write(1)", at=(0, 1)), told("read()", None, at=(2, 3), by="bob")]
    assert linearizable(late, MODEL).verdict is BROKEN
    assert sequentially_consistent(late, MODEL).verdict is HOLDS


def two_views() -> list[Operation]:
    """Two writes that know nothing of each other, seen in either order."""
    return [
        told("write('x', 1)", at=(0, 1), by="ada"),
        told("write('x', 2)", at=(0, 1), by="bob"),
        told("read('x')", 1, at=(2, 3), by="cy"),
        told("read('x')", 2, at=(4, 5), by="cy"),
        told("read('x')", 2, at=(2, 3), by="dan"),
        told("read('x')", 1, at=(4, 5), by="dan"),
    ]


def test_two_writes_that_know_nothing_of_each_other_may_be_seen_in_either_order_by_causality_alone() -> None:
    assert causally_consistent(two_views(), MODEL).verdict is HOLDS
    answer = sequentially_consistent(two_views(), MODEL)
    assert answer.verdict is BROKEN
    assert answer.headline == (
        "x: dan's read() → 1 (4–5 s) fits nowhere. It would have to come before bob's write(2) (0–1 s). "
        "In the order below the value is 2 by then."
    )


def test_each_key_may_have_an_order_and_all_together_none() -> None:
    history = [
        told("write('x', 1)", at=(0, 1), by="ada"),
        told("read('y')", None, at=(2, 3), by="ada"),
        told("write('y', 1)", at=(0, 1), by="bob"),
        told("read('x')", None, at=(2, 3), by="bob"),
    ]
    for key in "xy":
        of_key = [operation for operation in history if operation.request.key == key]
        assert sequentially_consistent(of_key, MODEL).verdict is HOLDS
    answer = sequentially_consistent(history, MODEL)
    assert answer.verdict is BROKEN
    assert "bob's read() → None on x (2–3 s) fits nowhere" in answer.headline


def test_a_sequential_search_past_its_budget_is_inconclusive() -> None:
    adds = [told(f"add({2**number})", at=(0, 10), by=f"c{number}") for number in range(30)]
    answer = sequentially_consistent([*adds, told("read()", -1, at=(11, 12))], Counter(), Budget(steps=3_000))
    assert answer.verdict is INCONCLUSIVE
    assert "of 31 operations have their place so far" in answer.headline


def test_reading_an_older_value_than_ones_own_breaks_read_your_writes() -> None:
    history = [
        told("write('x', 1)", at=(0, 1)),
        told("write('x', 2)", at=(2, 3)),
        told("read('x')", 1, at=(4, 5)),
    ]
    answer = read_your_writes(history, MODEL)
    assert answer.verdict is BROKEN
    assert (
        answer.headline
        == "ada's read() → 1 (4–5 s) tells of ada's write(1) (0–1 s), which is older than ada's write(2) (2–3 s)."
    )
    assert answer.steps == (
        "1  ada  write(1)    0–1 s",
        "2  ada  write(2)    2–3 s  came then",
        "✗  ada  read() → 1  4–5 s  comes after 2, but was told 1",
    )
    assert monotonic_reads(history, MODEL).verdict is HOLDS
    assert "<svg" in answer.svg()


def test_another_clients_concurrent_write_may_hide_ones_own() -> None:
    history = [
        told("write('x', 1)", at=(0, 3)),
        told("write('x', 2)", at=(1, 2), by="bob"),
        told("read('x')", 2, at=(4, 5)),
    ]
    assert read_your_writes(history, MODEL).verdict is HOLDS


def test_an_older_write_counts_as_older_only_where_all_writes_go_through_one_place() -> None:
    history = [
        told("write('x', 1)", at=(0, 1), by="bob"),
        told("write('x', 2)", at=(2, 3)),
        told("read('x')", 1, at=(4, 5)),
    ]
    assert read_your_writes(history, MODEL).verdict is BROKEN
    assert read_your_writes(history, MODEL, order="client").verdict is HOLDS


def test_going_back_to_an_older_value_breaks_monotonic_reads() -> None:
    writes = [told("write('x', 1)", at=(0, 1)), told("write('x', 2)", at=(2, 3))]
    back = [*writes, told("read('x')", 2, at=(4, 5), by="bob"), told("read('x')", 1, at=(6, 7), by="bob")]
    assert monotonic_reads(back, MODEL).verdict is BROKEN
    others = [*writes, told("read('x')", 2, at=(4, 5), by="bob"), told("read('x')", 1, at=(6, 7), by="cy")]
    assert monotonic_reads(others, MODEL).verdict is HOLDS


def test_one_clients_writes_seen_the_other_way_round_break_monotonic_writes() -> None:
    history = [
        told("write('x', 1)", at=(0, 1)),
        told("write('x', 2)", at=(2, 3)),
        told("read('x')", 2, at=(4, 5), by="bob"),
        told("read('x')", 1, at=(6, 7), by="bob"),
    ]
    assert monotonic_writes(history, MODEL).verdict is BROKEN
    again = [*history, told("read('x')", 2, at=(8, 9), by="bob")]
    answer = monotonic_writes(again, MODEL)
    assert answer.verdict is INCONCLUSIVE
    assert "bob's own reads of x go back" in answer.headline


def test_a_write_seen_without_what_its_writer_had_read_breaks_writes_follow_reads_and_causality() -> None:
    history = [
        told("write('x', 1)", at=(0, 1)),
        told("read('x')", 1, at=(2, 3), by="bob"),
        told("write('y', 2)", at=(4, 5), by="bob"),
        told("read('y')", 2, at=(6, 7), by="cy"),
        told("read('x')", None, at=(8, 9), by="cy"),
    ]
    for guarantee in (writes_follow_reads, causally_consistent):
        answer = guarantee(history, MODEL)
        assert answer.verdict is BROKEN
        assert [step.split("  ")[-1].strip() for step in answer.steps[1:]] == [
            "saw it", "came then", "saw it", "comes after 1, but was told the initial value",
        ]  # fmt: skip
    assert monotonic_writes(history, MODEL).verdict is HOLDS


def test_a_value_that_nobody_wrote_breaks_every_guarantee() -> None:
    history = [told("write('x', 1)", at=(0, 1)), told("read('x')", 7, at=(2, 3))]
    for guarantee in (read_your_writes, monotonic_reads, monotonic_writes, writes_follow_reads, causally_consistent):
        answer = guarantee(history, MODEL)
        assert answer.verdict is BROKEN
        assert answer.headline == "ada's read() → 7 tells of a value that nobody wrote."


def test_a_value_that_was_written_twice_can_not_be_judged() -> None:
    history = [told("write('x', 1)", at=(0, 1)), told("write('x', 1)", at=(2, 3)), told("read('x')", 1, at=(4, 5))]
    answer = causally_consistent(history, MODEL)
    assert answer.verdict is INCONCLUSIVE
    assert answer.headline.startswith("1 on x was written more than once")
    assert causally_consistent(history[:2], MODEL).verdict is HOLDS


def test_session_guarantees_are_about_reads_and_writes() -> None:
    with pytest.raises(Mistake, match="Add is neither a read nor a write"):
        read_your_writes([told("add(1)", at=(0, 1))], Counter())
