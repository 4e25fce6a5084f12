"""What clients asked and were told: the record that consistency checks judge.

An operation begins with its invocation and ends as ok (with a reply), fail (it certainly had no effect) or info (nobody
knows).

>>> History([Operation("ada", "n1", "Move(10)", began=0.1, ended=0.2, outcome="ok", reply="Moved()")])
History(1 operation: 1 ok)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Seconds = float
Outcome = Literal["open", "ok", "fail", "info"]


@dataclass
class Operation:
    """One request of one client. `began` and `ended` are in seconds since the world began."""

    client: str
    node: str
    request: Any
    began: Seconds
    ended: Seconds | None = None
    outcome: Outcome = "open"
    reply: Any = None

    def __repr__(self) -> str:
        end = "..." if self.ended is None else f"{self.ended:.4f}"
        answer = f" {self.reply!r}" if self.outcome == "ok" else ""
        return f"<{self.began:.4f}-{end}s {self.client} → {self.node} {self.request!r}: {self.outcome}{answer}>"


class History(Sequence[Operation]):
    """Operations in the order in which they were invoked."""

    def __init__(self, operations: Iterable[Operation] = ()) -> None:
        self.operations = tuple(operations)

    def __len__(self) -> int:
        return len(self.operations)

    def __getitem__(self, index: Any) -> Any:
        return self.operations[index]

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)

    def of(self, client: str) -> History:
        """What one client did."""
        return History(operation for operation in self.operations if operation.client == client)

    def __repr__(self) -> str:
        counts = Counter(operation.outcome for operation in self.operations)
        outcomes = ", ".join(f"{counts[one]} {one}" for one in ("ok", "fail", "info", "open") if counts[one])
        plural = "" if len(self) == 1 else "s"
        return f"History({len(self)} operation{plural}{': ' if outcomes else ''}{outcomes})"


@dataclass(frozen=True)
class Call:
    """One step of a workload: wait `after` seconds, then send `request` to `node`, and wait `timeout` for the reply."""

    node: str
    request: Any
    timeout: Seconds | None = None
    after: Seconds = 0.0


# A client's steps: fixed, or a generator that is sent each reply (None where there was none).
Steps = Iterable[Call] | Generator[Call, Any, Any]
Workload = Mapping[str, Steps]
