"""Histories of others, and for others: Jepsen's, in EDN or as etcd's tests logged them.

>>> history = parse('''
... {:process 0, :type :invoke, :f :write, :value 1}
... {:process 1, :type :invoke, :f :read, :value nil}
... {:process 0, :type :ok, :f :write, :value 1}
... {:process 1, :type :ok, :f :read, :value 1}
... ''')
>>> history[1]
<1.0000-3.0000s p1 → any read(): ok 1>
>>> parse("0 :invoke :cas [1 2]\\n0 :fail :cas [1 2]")[0]
<0.0000-1.0000s p0 → any cas(1, 2): ok False>

A process is a client, called `p0` for 0. Where there are no times (`:time`, in nanoseconds), each event takes a second.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from ds101.checks import edn
from ds101.checks.edn import Keyword
from ds101.checks.fields import Named
from ds101.checks.model import Asked, Model
from ds101.errors import Mistake
from ds101.history import History, Operation

NODE = "any"  # these histories don't say whom a client asked
_LOGGED = re.compile(r"(?:^|[\s-])(\d+)\s+:(invoke|ok|fail|info)\s+:(\S+)\s+(.+?)\s*$", re.MULTILINE)


def read(path: str | Path, *, keyed: bool = False) -> History:
    """The history in a file; see `parse`. Raises `OSError` where it can't be read."""
    return parse(Path(path).read_text(encoding="utf-8"), keyed=keyed)


def parse(text: str, *, keyed: bool = False) -> History:
    """The history that stands in a text: maps in EDN (one on each line, or in a vector), or lines of a log.

    In a log of etcd's tests a failed compare-and-set is an answer, "the value was another one"; in EDN what failed had
    no effect, and tells nothing. With `keyed` every value is a pair `[key value]`, as in Jepsen's independent tests.
    Raises `Mistake` for what is neither, or contradicts itself.
    """
    begins = text.lstrip()[:1]
    if begins in ("{", "[", "(", "#", ";"):
        values = edn.read_all(text)
        events = [event for value in values for event in (value if isinstance(value, list) else [value])]
    else:
        events = [_logged(*match.groups()) for match in _LOGGED.finditer(text)]
    if not events and text.strip():
        raise Mistake("No history stands here: neither maps like {:process 0, :type :invoke, ...} nor a log of etcd's.")
    return History(_operations(events, keyed))


def _logged(process: str, kind: str, f: str, value: str) -> dict[str, Any]:
    read_value = edn.read_all(value)[0]
    refused = kind == "fail" and f == "cas" and isinstance(read_value, list)
    return {
        "process": int(process), "type": "ok" if refused else kind, "f": f, "value": read_value,
        **({"reply": False} if refused else {}),
    }  # fmt: skip


def _operations(events: Iterable[Any], keyed: bool) -> list[Operation]:
    open_: dict[int, Operation] = {}
    operations: list[Operation] = []
    now = -math.inf
    for number, event in enumerate(events):
        if not isinstance(event, Mapping) or not {"process", "type", "f"} <= set(event):
            raise Mistake(f"{event!r} is no event of a history: it needs :process, :type and :f.")
        process, kind = event["process"], event["type"]
        if not isinstance(process, int):
            continue  # the nemesis, which breaks things, and asks nothing
        at = event["time"] / 1e9 if isinstance(event.get("time"), int) else float(number)
        ours = (
            "client" in event
        )  # then equal times mean what they mean here; else the order of the lines is what counts
        now = at if ours else max(at, math.nextafter(now, math.inf))
        if kind == "invoke":
            if process in open_:
                raise Mistake(f"Process {process} asks again ({event['f']}) before it was answered.")
            request = _request(event, keyed)
            open_[process] = Operation(event.get("client", f"p{process}"), NODE, request, now)
            operations.append(open_[process])
        elif process in open_:
            operation = open_.pop(process)
            operation.ended, operation.outcome = now, kind
            operation.reply = _reply(event, keyed) if kind == "ok" else None
            if kind == "fail" and "reply" in event:  # written by us: it was refused, and so answered
                operation.outcome, operation.reply = "ok", event["reply"]
        elif kind != "info":
            raise Mistake(f"Process {process} is answered ({event['f']}) though it asked nothing.")
    return operations


def _key_and_value(event: Mapping[str, Any], keyed: bool) -> tuple[Any, Any]:
    key, value = event.get("key"), event.get("value")
    if keyed and isinstance(value, list) and len(value) == 2:
        key, value = value
    return key, value


def _request(event: Mapping[str, Any], keyed: bool) -> Named:
    key, value = _key_and_value(event, keyed)
    if value is None:
        return Named(str(event["f"]), key)
    arguments = tuple(value) if event["f"] == "cas" and isinstance(value, list) else (value,)
    return Named(str(event["f"]), key, arguments)


def _reply(event: Mapping[str, Any], keyed: bool) -> Any:
    if "reply" in event:
        return event["reply"]
    return True if event["f"] == "cas" else _key_and_value(event, keyed)[1]


def write(history: Iterable[Operation], path: str | Path, model: Model) -> None:
    """Write a history as Jepsen has it, a map on each line; see `as_edn`."""
    Path(path).write_text(as_edn(history, model), encoding="utf-8")


def as_edn(history: Iterable[Operation], model: Model) -> str:
    """The history in EDN, in the words of the model: `:f :write` for a `Write`, however the lab calls it.

    Each client is one process after another, a new one when an outcome stays unknown, as Jepsen numbers them. What was
    refused (a compare-and-set, a lock) is `:fail`, with its `:reply`, which `parse` reads. Raises `Mistake` for an
    operation that the model doesn't know, or a value that EDN can't hold.
    """
    return "".join(f"{edn.write(event)}\n" for event in _events(history, model))


def _events(history: Iterable[Operation], model: Model) -> Iterator[dict[Keyword, Any]]:
    operations = sorted(history, key=lambda operation: operation.began)
    free: list[int] = []
    made = 0
    processes: dict[int, int] = {}
    for index, (at, _, number, ends) in enumerate(_moments(operations)):
        operation = operations[number]
        if not ends:
            if not free:
                free, made = [made], made + 1
            processes[number] = free.pop(0)
        elif operation.outcome != "info":
            free = sorted([*free, processes[number]])
        kind = operation.outcome if ends else "invoke"
        head = {"process": processes[number], "client": operation.client, "type": Keyword(kind)}
        body = _body(operation, model, answered=ends and kind == "ok")
        tail = {"time": round(at * 1e9), "index": index}
        yield {Keyword(name): value for name, value in {**head, **body, **tail}.items()}


def _moments(operations: list[Operation]) -> list[tuple[float, float, int, bool]]:
    """(time, place among what is at that time, operation, whether it ends), in the order in which to write them.

    At equal times what one client was told comes before what it asked then, and else requests before replies.
    """
    calls: list[float] = []
    returns = [math.inf] * len(operations)
    latest: dict[str, list[int]] = {}
    for number, operation in enumerate(operations):
        recent = [one for one in latest.get(operation.client, []) if (operations[one].ended or 0.0) >= operation.began]
        before = [one for one in recent if operations[one].ended == operation.began]
        for one in before:
            returns[one] = calls[one] + 1 if operations[one].began == operation.began else 1
        calls.append(max((returns[one] + 1 for one in before), default=0))
        latest[operation.client] = [*recent, number] if operation.outcome == "ok" else recent
    moments = [(operation.began, calls[number], number, False) for number, operation in enumerate(operations)]
    for number, operation in enumerate(operations):
        if operation.outcome != "open" and operation.ended is not None:
            moments.append((operation.ended, returns[number], number, True))
    return sorted(moments)


def _body(operation: Operation, model: Model, *, answered: bool) -> dict[str, Any]:
    asked = model.translate(operation) or Asked(operation.request)
    name, key, values = _words(asked.request)
    body = {"f": Keyword(name)} | ({} if key is None else {"key": key})
    value: Any = None if not values else list(values) if len(values) > 1 else values[0]
    if answered and asked.reply is False:
        return {"type": Keyword("fail"), **body, "value": value, "reply": False}
    tells = answered and asked.reply is not None and asked.reply is not True
    return {**body, "value": asked.reply if tells else value}


def _words(request: Any) -> tuple[str, Any, tuple[Any, ...]]:
    if isinstance(request, Named):
        return request.name, request.key, request.arguments
    if not is_dataclass(request):
        return str(request), None, ()
    given = {field.name: getattr(request, field.name) for field in fields(request)}
    key = given.pop("key", None)
    owner = given.pop("owner", None)
    return type(request).__name__.lower(), key, tuple(given.values()) or (() if owner is None else (owner,))
