"""Small histories for the checks: by hand, drawn by Hypothesis, and judged by trying every order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, permutations
from typing import Any

from hypothesis import strategies as st

from ds101.checks import REFUSED, UNKNOWN, Counter, Lock, Map, Model, Named, Queue, Register
from ds101.history import Operation

MODELS: dict[str, tuple[Model, dict[str, Sequence[Any]]]] = {
    # name: a model, its requests with the replies that they may get
    "register": (
        Register(), {"read()": (None, 0, 1), "write(0)": (None,), "write(1)": (None,), "cas(0, 1)": (True, False)},
    ),
    "blind": (Register(), {"read()": (None, 0, 1), "write(0)": (None,), "write(1)": (None,), "write(2)": (None,)}),
    "keys": (
        Register(),
        {"read('x')": (None, 0), "write('x', 0)": (None,), "read('y')": (None, 1), "write('y', 1)": (None,)},
    ),
    "map": (
        Map(snapshot="all"),
        {
            "read('x')": (None, 0, 1), "write('x', 0)": (None,), "write('x', 1)": (None,), "write('y', 1)": (None,),
            "delete('x')": (None,), "cas('x', 0, 1)": (True, False),
            "all()": ({}, {"x": 1}, {"x": 0, "y": 1}, {"y": 1}),
        },
    ),
    "deletes": (
        Map(),
        {"read('x')": (None, 0), "write('x', 0)": (None,), "delete('x')": (None,), "cas('x', 0, 1)": (True, False)},
    ),
    "counter": (Counter(), {"read()": (0, 1, 2, 3), "add(1)": (None,), "add(2)": (None,)}),
    "queue": (Queue(), {"dequeue()": (None, 1, 2), "enqueue(1)": (None,), "enqueue(2)": (None,)}),
    "lock": (Lock(), {"acquire()": (True, False), "release()": (True, False)}),
}  # fmt: skip


def asked(text: str) -> Named:
    """`cas('x', 0, 1)` as a request; a first argument that is a text is the key."""
    name, _, rest = text.partition("(")
    given = eval(f"({rest[:-1]},)") if rest != ")" else ()
    return Named(name, given[0], given[1:]) if given and isinstance(given[0], str) else Named(name, None, given)


def told(
    text: str, reply: Any = None, *, at: tuple[float, float | None], by: str = "ada", outcome: str = ""
) -> Operation:
    """An operation of `by`, from and to a time in seconds; without an end its outcome is unknown."""
    began, ended = at
    return Operation(by, "n1", asked(text), began, ended, outcome or ("info" if ended is None else "ok"), reply)  # type: ignore[arg-type]


def precedes(earlier: Operation, later: Operation) -> bool:
    """Whether real time orders the two (`earlier` stands first in the history)."""
    if earlier.outcome != "ok" or earlier.ended is None:
        return False
    if earlier.client == later.client and earlier.ended == later.began:
        return True
    return earlier.ended < later.began


def in_program(earlier: Operation, later: Operation) -> bool:
    """Whether one client's program orders the two (`earlier` stands first in the history)."""
    return earlier.client == later.client and earlier.outcome == "ok" and (earlier.ended or 0.0) <= later.began


def has_order(history: Sequence[Operation], model: Model, before: Any = precedes) -> bool:
    """Try every order of what happened, with and without each operation of unknown outcome, on all keys together."""
    operations = [operation for operation in history if operation.outcome != "fail"]
    sure = [index for index, operation in enumerate(operations) if operation.outcome == "ok"]
    unsure = [index for index, operation in enumerate(operations) if operation.outcome != "ok"]
    pairs = {
        (a, b) for a, one in enumerate(operations) for b, other in enumerate(operations)
        if a != b and (a < b or one.began < other.began) and before(one, other)
    }  # fmt: skip
    for count in range(len(unsure) + 1):
        for some in combinations(unsure, count):
            for order in permutations([*sure, *some]):
                wrong_way = any(
                    (order[j], order[i]) in pairs for i in range(len(order)) for j in range(i + 1, len(order))
                )
                if not wrong_way and allowed([operations[index] for index in order], model):
                    return True
    return False


def allowed(order: Iterable[Operation], model: Model) -> bool:
    """Whether the model gives these replies in this order, each key being an object of its own."""
    states: dict[Any, Any] = {}
    for operation in order:
        known = operation.outcome == "ok"
        one = model.translate(operation if known else replace(operation, reply=UNKNOWN))
        if one is None:
            continue
        key = model.key(one.request)
        after = model.step(states.get(key, model.initial), one.request, one.reply)
        if after is REFUSED:
            return False
        states[key] = after
    return True


@st.composite
def histories(draw: Any, name: str, at_most: int = 6, clients: int = 3) -> list[Operation]:
    """Operations with random times (many equal), some with the replies of a right object, some with any replies."""
    model, requests = MODELS[name]
    texts = sorted(requests)
    operations, moments = [], []
    for _ in range(draw(st.integers(0, at_most))):
        began, long = draw(st.integers(0, 8)), draw(st.integers(0, 4))
        outcome = draw(st.sampled_from(["ok"] * 6 + ["info", "open", "fail"]))
        request = asked(draw(st.sampled_from(texts)))
        client = draw(st.sampled_from("abcde"[:clients]))
        ended = None if outcome == "open" else began + long
        operations.append(Operation(client, "n1", request, float(began), ended, outcome))
        moments.append(began + draw(st.integers(0, 4)) * long / 4)
    honest = draw(st.booleans())
    states: dict[Any, Any] = {}
    for index in sorted(range(len(operations)), key=lambda index: (moments[index], index)):
        operation = operations[index]
        replies = requests[_text(operation.request)]
        fitting = list(_fitting(operation, replies, model, states)) if honest and draw(st.integers(0, 9)) else []
        reply, state = fitting[0] if fitting else (draw(st.sampled_from(replies)), None)
        if fitting and (operation.outcome == "ok" or (operation.outcome in ("info", "open") and draw(st.booleans()))):
            states[operation.request.key] = state
        operations[index] = replace(operation, reply=reply if operation.outcome == "ok" else None)
    return sorted(operations, key=lambda operation: operation.began)


def _text(request: Named) -> str:
    return repr(request)


def _fitting(operation: Operation, replies: Sequence[Any], model: Model, states: dict[Any, Any]) -> Iterator[Any]:
    for reply in replies:
        one = model.translate(replace(operation, reply=reply))
        assert one is not None
        after = model.step(states.get(operation.request.key, model.initial), one.request, one.reply)
        if after is not REFUSED:
            yield reply, after


def explains_causally(history: Sequence[Operation]) -> bool:
    """Try, for each client, every order of all writes and its own reads that keeps to causality (causal memory)."""
    operations = [o for o in history if o.outcome != "fail" and (o.outcome == "ok" or o.request.name == "write")]
    before = {
        (a, b) for a, one in enumerate(operations) for b, other in enumerate(operations)
        if a != b and (a < b or one.began < other.began) and in_program(one, other)
    }  # fmt: skip
    source = _sources(operations)
    before |= {(write, read) for read, write in source.items() if write is not None}
    before = _closed(before, len(operations))
    if any((a, a) in before for a in range(len(operations))):
        return False
    read = set(source.values())
    writes = [i for i, o in enumerate(operations) if o.request.name == "write" and (o.outcome == "ok" or i in read)]
    return all(
        any(
            all((order[j], order[i]) not in before for i in range(len(order)) for j in range(i + 1, len(order)))
            and _reads_the_latest(order, operations, source)
            for order in permutations(writes + [i for i in source if operations[i].client == client])
        )
        for client in "abc"
    )


def explains_session(history: Sequence[Operation], pairs: set[str], order: str) -> bool:
    """Try, for each client, every order of the writes; a read sees what the pairs and the reads say that it must."""
    operations = [o for o in history if o.outcome != "fail" and (o.outcome == "ok" or o.request.name == "write")]
    source = _sources(operations)
    before = {(write, read) for read, write in source.items() if write is not None}
    for a, one in enumerate(operations):
        for b, other in enumerate(operations):
            kinds = one.request.name[0] + other.request.name[0]
            counts = kinds in pairs or (order == "client" and kinds == "ww")
            if counts and a != b and (a < b or one.began < other.began) and in_program(one, other):
                before.add((a, b))
            in_time = order == "time" and kinds == "ww" and one.request.key == other.request.key
            if in_time and one.outcome == "ok" and (one.ended or 0.0) < other.began:
                before.add((a, b))
    before = _closed(before, len(operations))
    writes = [i for i, o in enumerate(operations) if o.request.name == "write"]
    if any((a, a) in before for a in range(len(operations))):
        return False
    return all(
        any(
            all((some[j], some[i]) not in before for i in range(len(some)) for j in range(i + 1, len(some)))
            and all(
                ([w for w in some if (w, read) in before and operations[w].request.key == operations[read].request.key]
                 or [None])[-1] == write
                for read, write in source.items() if operations[read].client == client
            )
            for some in permutations(writes)
        )
        for client in "abc"
    )  # fmt: skip


def _sources(operations: Sequence[Operation]) -> dict[int, int | None]:
    writers = {
        (o.request.key, o.request.arguments[0]): i for i, o in enumerate(operations) if o.request.name == "write"
    }
    reads = {i: o for i, o in enumerate(operations) if o.request.name == "read" and o.outcome == "ok"}
    return {i: None if o.reply is None else writers[o.request.key, o.reply] for i, o in reads.items()}


def _closed(pairs: set[tuple[int, int]], count: int) -> set[tuple[int, int]]:
    closed = set(pairs)
    for middle in range(count):
        closed |= {(a, b) for a in range(count) for b in range(count) if {(a, middle), (middle, b)} <= closed}
    return closed


def _reads_the_latest(order: Sequence[int], operations: Sequence[Operation], source: dict[int, int | None]) -> bool:
    latest: dict[Any, int] = {}
    for index in order:
        key = operations[index].request.key
        if index in source and latest.get(key) != source[index]:
            return False
        if index not in source:
            latest[key] = index
    return True


@st.composite
def distinct_writes(draw: Any, at_most: int = 6, clients: int = 3) -> list[Operation]:
    """Reads and writes of two keys; every write has a value of its own, and reads are told any of them, or none."""
    operations: list[Operation] = []
    values: dict[str, list[int | None]] = {"x": [None], "y": [None]}
    for number in range(draw(st.integers(0, at_most))):
        key, client = draw(st.sampled_from("xxy")), draw(st.sampled_from("abc"[:clients]))
        began, long = draw(st.integers(0, 8)), draw(st.integers(0, 2))
        writes = draw(st.booleans())
        outcome = draw(st.sampled_from(["ok"] * 8 + ["info", "fail"])) if writes else "ok"
        request = Named("write", key, (number,)) if writes else Named("read", key)
        if writes and outcome != "fail":
            values[key].append(number)
        operations.append(Operation(client, "n1", request, float(began), float(began + long), outcome))
    made = []
    for operation in operations:
        told_value = draw(st.sampled_from(values[operation.request.key])) if operation.request.name == "read" else None
        made.append(replace(operation, reply=told_value))
    return sorted(made, key=lambda operation: operation.began)
