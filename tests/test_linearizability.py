"""Linearizability: small histories are judged as trying every order judges them; large ones, and what is told."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from histories import MODELS, allowed, has_order, histories, precedes, told
from hypothesis import HealthCheck, given, settings

from ds101 import Message, Verdict
from ds101.checks import (
    REFUSED,
    Budget,
    Counter,
    Lock,
    Map,
    Misfit,
    Model,
    Queue,
    Register,
    linearizable,
)
from ds101.errors import Mistake
from ds101.history import History, Operation

HOLDS, BROKEN, INCONCLUSIVE = Verdict.HOLDS, Verdict.BROKEN, Verdict.INCONCLUSIVE
Count = Callable[[int, int], int]


def judged(*operations: Operation, model: Model | None = None) -> Verdict:
    return linearizable(History(operations), model or Register()).verdict


def thorough(examples: int) -> Any:
    checks = list(HealthCheck)
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=checks)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_small_history_is_judged_as_trying_every_order_judges_it(name: str, count: Count) -> None:
    model = MODELS[name][0]
    seen: set[bool] = set()

    @thorough(count(250, 5_000))
    @given(histories(name, at_most=count(5, 6)))
    def compare(history: list[Operation]) -> None:
        expected = has_order(history, model)
        seen.add(expected)
        assert linearizable(history, model).verdict is Verdict.of(expected)

    compare()
    assert seen == {True, False}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ["blind", "register", "queue", "lock"])
def test_the_first_misfit_is_the_return_with_which_the_history_breaks(name: str, count: Count) -> None:
    model = MODELS[name][0]
    seen = 0

    @thorough(count(150, 3_000))
    @given(histories(name, at_most=5))
    def compare(history: list[Operation]) -> None:
        nonlocal seen
        answer = linearizable(history, model)
        if answer.verdict is HOLDS:
            return
        seen += 1
        misfit = answer.evidence
        assert isinstance(misfit, Misfit)
        assert misfit.exact
        returned = sorted((o for o in history if o.outcome == "ok"), key=lambda o: o.ended or 0.0)
        before = [o for o in returned if (o.ended or 0.0) < (misfit.operation.ended or 0.0)]
        assert not has_order(_until(history, misfit.operation, with_it=True), model)
        assert has_order(_until(history, misfit.operation, with_it=False), model)
        assert {id(o) for o in before} <= {id(o) for o in misfit.order}
        as_known = [o if _ended_by(o, misfit.operation) else _opened(o) for o in misfit.order]
        assert allowed(as_known, model)
        assert not any(precedes(b, a) and b.began < a.began for i, a in enumerate(as_known) for b in as_known[i + 1 :])

    compare()
    assert seen > 10


@dataclass(frozen=True)
class Silent(Model):
    """A model that says nothing of the effects of its operations, so that every step has to be tried."""

    told: Model

    def __post_init__(self) -> None:
        object.__setattr__(self, "initial", self.told.initial)

    def step(self, state: Any, request: Any, reply: Any) -> Any:
        return self.told.step(state, request, reply)

    def key(self, request: Any) -> Any:
        return self.told.key(request)

    def translate(self, operation: Operation) -> Any:
        return self.told.translate(operation)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", sorted(MODELS))
def test_what_a_model_says_of_effects_changes_no_verdict(name: str, count: Count) -> None:
    model = MODELS[name][0]
    seen: set[Verdict] = set()

    @thorough(count(60, 5_000))
    @given(histories(name, at_most=16, clients=5))
    def compare(history: list[Operation]) -> None:
        verdict = linearizable(history, Silent(model)).verdict
        seen.add(verdict)
        assert linearizable(history, model).verdict is verdict

    compare()
    assert seen == {HOLDS, BROKEN}


def _until(history: list[Operation], last: Operation, *, with_it: bool) -> list[Operation]:
    """What was known when `last` returned; of equal times, those that the check takes to be earlier."""
    known = sorted((o.ended or 0.0, index) for index, o in enumerate(history) if o.outcome == "ok")
    place = next(number for number, (_, index) in enumerate(known) if history[index] is last)
    returned = {index for _, index in known[: place + with_it]}
    now = last.ended or 0.0
    return [o if index in returned else _opened(o) for index, o in enumerate(history) if o.began <= now]


def _ended_by(one: Operation, last: Operation) -> bool:
    return one.outcome == "ok" and (one.ended or 0.0) < (last.ended or 0.0)


def _opened(one: Operation) -> Operation:
    outcome = "fail" if one.outcome == "fail" else "open"
    return Operation(one.client, one.node, one.request, one.began, None, outcome)


def test_a_read_may_not_go_back_behind_one_that_had_ended() -> None:
    writes = told("write(1)", at=(0, 1)), told("write(2)", at=(2, 9), by="bob")
    assert judged(*writes, told("read()", 2, at=(3, 4), by="cy"), told("read()", 2, at=(5, 6))) is HOLDS
    assert judged(*writes, told("read()", 2, at=(3, 4), by="cy"), told("read()", 1, at=(5, 6))) is BROKEN
    assert judged(*writes, told("read()", 2, at=(3, 5), by="cy"), told("read()", 1, at=(4, 6))) is HOLDS


def test_a_write_of_unknown_outcome_may_take_effect_at_any_time_later_or_never() -> None:
    lost = told("write(1)", at=(0, None))
    assert judged(lost, told("read()", None, at=(5, 6)), told("read()", 1, at=(7, 8))) is HOLDS
    assert judged(lost, told("read()", None, at=(5, 6))) is HOLDS
    assert judged(lost, told("read()", 1, at=(5, 6)), told("read()", None, at=(7, 8))) is BROKEN


def test_a_failed_write_has_no_effect() -> None:
    failed = told("write(1)", at=(0, 1), outcome="fail")
    assert judged(failed, told("read()", None, at=(2, 3))) is HOLDS
    assert judged(failed, told("read()", 1, at=(2, 3))) is BROKEN


def test_one_clients_operations_keep_their_order_at_equal_times_and_two_clients_do_not() -> None:
    assert judged(told("write(1)", at=(1, 1)), told("read()", None, at=(1, 1))) is BROKEN
    assert judged(told("write(1)", at=(1, 1)), told("read()", None, at=(1, 1), by="bob")) is HOLDS


def test_nothing_happened_is_linearizable() -> None:
    assert judged() is HOLDS


def test_compare_and_set_counters_queues_locks_and_maps_are_judged_by_what_they_promise() -> None:
    assert judged(told("cas(None, 1)", True, at=(0, 1)), told("cas(None, 2)", True, at=(2, 3))) is BROKEN
    assert judged(told("cas(None, 1)", True, at=(0, 3)), told("cas(1, 2)", True, at=(2, 4), by="bob")) is HOLDS
    assert judged(told("add(2)", at=(0, 1)), told("read()", 0, at=(2, 3)), model=Counter()) is BROKEN
    queue = told("enqueue(1)", at=(0, 1)), told("enqueue(2)", at=(2, 3))
    assert judged(*queue, told("dequeue()", 2, at=(4, 5)), model=Queue()) is BROKEN
    assert judged(*queue, told("dequeue()", 1, at=(4, 5)), model=Queue()) is HOLDS
    twice = told("acquire()", True, at=(0, 1)), told("acquire()", True, at=(2, 3), by="bob")
    assert judged(*twice, model=Lock()) is BROKEN
    assert judged(twice[0], told("release()", True, at=(1.2, 1.8)), twice[1], model=Lock()) is HOLDS
    gone = told("write('x', 1)", at=(0, 1)), told("delete('x')", at=(2, 3)), told("read('x')", 1, at=(4, 5))
    assert judged(*gone, model=Map()) is BROKEN


def test_a_snapshot_ties_the_keys_together() -> None:
    writes = told("write('x', 1)", at=(0, 1)), told("write('y', 2)", at=(2, 3))
    model = Map(snapshot="all")
    assert judged(*writes, told("all()", {"x": 1, "y": 2}, at=(4, 5)), model=model) is HOLDS
    assert judged(*writes, told("all()", {"y": 2}, at=(4, 5)), model=model) is BROKEN


class Put(Message):
    key: str
    value: int


class Done(Message):
    pass


class Get(Message):
    key: str


class Got(Message):
    value: int | None


class NotLeader(Message):
    pass


class Ping(Message):
    pass


def asked(request: Message, reply: Message | None, began: float, ended: float) -> Operation:
    return Operation("ada", "n1", request, began, ended, "ok", reply)


def test_a_labs_messages_are_understood_when_their_types_are_named() -> None:
    model = Register(read=Get, write=Put, refused=NotLeader, ignored=Ping)
    put, get = asked(Put("x", 1), Done(), 0, 1), asked(Get("x"), Got(1), 2, 3)
    assert judged(put, get, asked(Ping(), Done(), 4, 5), model=model) is HOLDS
    assert judged(put, asked(Get("x"), Got(None), 2, 3), model=model) is BROKEN
    assert judged(asked(Put("x", 1), NotLeader(), 0, 1), get, model=model) is BROKEN
    assert judged(put, asked(Get("y"), Got(None), 2, 3), model=model) is HOLDS


def test_a_request_that_the_model_does_not_know_is_a_mistake_that_says_what_to_write() -> None:
    with pytest.raises(
        Mistake, match=r"Register\(read=Get, write=Put, cas='cas', append='append'\) doesn't know Ping.*ignored=Ping"
    ):
        linearizable([asked(Ping(), Done(), 0, 1)], Register(read=Get, write=Put))


def test_a_reply_that_came_before_its_request_is_a_mistake() -> None:
    with pytest.raises(Mistake, match="not before it began"):
        linearizable([told("read()", at=(2, 1))], Register())


class Withdraw(Message):
    account: str
    euros: int


class Bank(Model):
    """Nobody can withdraw what is not there."""

    initial = 10

    def step(self, balance: Any, request: Any, reply: Any) -> Any:
        enough = request.euros <= balance
        return balance - request.euros * enough if reply == enough else REFUSED

    def key(self, request: Any) -> Any:
        return request.account


def test_a_model_of_your_own_needs_a_state_a_step_and_a_key() -> None:
    def withdraw(euros: int, done: bool, began: float, ended: float) -> Operation:
        return Operation("ada", "n1", Withdraw("a", euros), began, ended, "ok", done)

    assert judged(withdraw(7, True, 0, 1), withdraw(7, False, 2, 3), model=Bank()) is HOLDS
    assert judged(withdraw(7, True, 0, 1), withdraw(7, True, 2, 3), model=Bank()) is BROKEN
    unknown = Operation("ada", "n1", Withdraw("a", 7), 0, None, "open")
    assert judged(unknown, withdraw(7, False, 2, 3), model=Bank()) is HOLDS


class Mutable(Bank):
    initial = 10

    def step(self, balance: Any, request: Any, reply: Any) -> Any:
        return [balance]


class Lying(Register):
    def effect(self, request: Any, reply: Any) -> Any:
        return super().effect(request, reply)._replace(leaves=7)


def test_a_state_without_hash_and_an_effect_that_is_not_true_are_mistakes() -> None:
    with pytest.raises(Mistake, match=r"Mutable has the state \[10\]"):
        linearizable([Operation("ada", "n1", Withdraw("a", 1), 0, 1, "ok", True)], Mutable())
    with pytest.raises(Mistake, match=r"Lying.effect says"):
        linearizable([told("write(1)", at=(0, 1))], Lying())


def crowd(clients: int) -> list[Operation]:
    """Nobody's write can be told from its order, and one read fits nowhere: every subset has to be tried."""
    adds = [told(f"add({2**number})", at=(0, 10), by=f"c{number}") for number in range(clients)]
    return [*adds, told("read()", -1, at=(11, 12))]


def test_past_its_budget_of_steps_it_says_inconclusive_and_how_far_it_got() -> None:
    answer = linearizable(crowd(24), Counter(), Budget(steps=5_000))
    assert answer.verdict is INCONCLUSIVE
    assert "24 of 25 operations have their place so far" in answer.headline
    assert "no answer within 5,000 steps" in answer.headline


def test_past_its_budget_of_memory_it_says_inconclusive_long_before_its_budget_of_steps() -> None:
    answer = linearizable(crowd(40), Counter(), Budget(megabytes=1))
    assert answer.verdict is INCONCLUSIVE
    assert "within 5,000,000 steps" not in answer.headline


def test_what_a_search_remembers_takes_no_more_memory_than_its_budget() -> None:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        assert linearizable(crowd(40), Counter(), Budget(megabytes=4)).verdict is INCONCLUSIVE
        assert tracemalloc.get_traced_memory()[1] - before < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_hard_key_does_not_hide_that_another_one_is_broken() -> None:
    hard = [told(f"add('hard', {2**n})", at=(0, 10), by=f"c{n}") for n in range(30)]
    hard.append(told("read('hard')", -1, at=(11, 12)))
    easy = [told(f"add('easy', {2**n})", at=(n, n + 0.5)) for n in range(40)]
    wrong = told("read('easy')", -1, at=(50, 51))
    assert judged(*hard, *easy, wrong, model=Counter()) is BROKEN
    answer = linearizable([*hard, *easy], Counter(), Budget(steps=10_000))
    assert answer.verdict is INCONCLUSIVE
    assert "1 of 2 keys hold" in answer.headline


def test_a_broken_history_is_told_in_a_sentence_in_steps_and_as_a_picture() -> None:
    answer = linearizable(
        [
            told("write(1)", at=(0, 0.1)),
            told("write(2)", at=(0.05, 0.2), by="bob"),
            told("read()", 2, at=(0.15, 0.22), by="cy"),
            told("read()", 1, at=(0.3, 0.42)),
        ],
        Register(),
    )
    assert answer.headline == (
        "ada's read() → 1 (0.3–0.42 s) fits nowhere. It would have to come before bob's write(2) (0.05–0.2 s), which "
        "had ended before it began. In the order below the value is 2 by then."
    )
    assert answer.steps == (
        "1  ada  write(1)    0–0.1 s      the value is 1",
        "2  bob  write(2)    0.05–0.2 s   the value is 2",
        "3  cy   read() → 2  0.15–0.22 s  the value is 2",
        "✗  ada  read() → 1  0.3–0.42 s   fits nowhere",
    )
    assert answer.evidence.fits_before == 1
    assert "✗ read() → 1" in answer.svg()
    assert len(answer.text().splitlines()) < 25
    assert "\n" not in repr(answer)
    assert "<svg" in answer._repr_html_()


def test_the_picture_of_what_holds_numbers_the_operations_in_an_order_that_fits() -> None:
    history = [
        told("write('x', 1)", at=(0, 3)),
        told("read('x')", 1, at=(1, 2), by="bob"),
        told("write('y', 7)", at=(4, None), by="cy"),
        told("read('y')", 7, at=(5, 6), by="bob"),
    ]
    picture = linearizable(history, Register()).picture
    assert picture is not None
    assert "\n".join(picture.text[1:]) == (
        """\
0 s                                                  6 s
├───────1───────────────────┤                                1 ada  write(1) on x
        ├─────2─────┤                                        2 bob  read() → 1 on x
                                    ├╌╌╌╌╌╌╌3╌╌╌╌╌╌╌╌╌╌╌╌╌╌▷ 3 cy   write(7) → ? on y
                                            ├─────4────┤     4 bob  read() → 7 on y"""
    )


def test_a_reply_that_was_never_possible_is_told_so() -> None:
    answer = linearizable([told("write(1)", at=(0, 1)), told("read()", 7, at=(2, 3))], Register())
    assert answer.headline.endswith(
        "In the order below the value is 1 by then, and no state on the way gives this reply."
    )
    answer = linearizable([told("read()", 7, at=(2, 3))], Register())
    assert answer.headline.endswith("fits nowhere: to begin with, the value is None.")
