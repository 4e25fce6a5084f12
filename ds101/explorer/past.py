"""The history behind the clients' states: operations with times that give exactly the order that was real."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ds101.explorer.clients import Client, Done
from ds101.history import History, Operation
from ds101.messages import Types, decode_body


def history_of(clients: Sequence[Client], locals_: Sequence[int], types: Types) -> History:
    """The operations in the order of their invocations."""
    done = [client.locals[local].done for client, local in zip(clients, locals_, strict=True)]
    operations: dict[tuple[int, int], Operation] = {}
    for time, (client, number, ended) in enumerate(_in_real_order(done)):
        if ended:
            operations[client, number].ended = float(time)
        else:
            operations[client, number] = _operation(clients[client], done[client], number, float(time), types)
    return History(operations.values())


def _in_real_order(done: Sequence[Sequence[Done]]) -> list[tuple[int, int, bool]]:
    """Invocations and ends (client, operation, whether it ends), in one of the orders that have the same meaning.

    An operation began after another's end if it had seen that end, and before it otherwise.
    """
    order: list[tuple[int, int, bool]] = []
    begun, ended = [0] * len(done), [0] * len(done)
    total = sum(len(one) + sum(op.outcome != "open" for op in one) for one in done)
    while len(order) < total:
        client = next((c for c in range(len(done)) if _can_begin(done, c, begun, ended)), None)
        if client is not None:
            order.append((client, begun[client], False))
            begun[client] += 1
            continue
        client = next(c for c in range(len(done)) if _can_end(done, c, begun, ended))
        order.append((client, ended[client], True))
        ended[client] += 1
    return order


def _can_begin(done: Sequence[Sequence[Done]], client: int, begun: list[int], ended: list[int]) -> bool:
    return begun[client] < len(done[client]) and list(done[client][begun[client]].seen) == ended


def _can_end(done: Sequence[Sequence[Done]], client: int, begun: list[int], ended: list[int]) -> bool:
    number = ended[client]
    if number >= begun[client] or done[client][number].outcome == "open":
        return False
    yet_to_begin = (op for c, ops in enumerate(done) for op in ops[begun[c] :])
    return all(op.seen[client] > number for op in yet_to_begin)


def _operation(client: Client, done: Sequence[Done], number: int, began: float, types: Types) -> Operation:
    one = done[number]
    call: Any = client.call_after(done[:number])
    operation = Operation(client.name, call.node, call.request, began, outcome=one.outcome)  # type: ignore[arg-type]
    if one.reply is not None:
        operation.reply = decode_body(types[one.reply[0]], msgspec.json.decode(one.reply[1]))
    return operation
