"""Judging a history that stands in a file: what `ds101 judge` does.

>>> sorted(MODELS)
['counter', 'kv', 'lock', 'map', 'queue', 'register']
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ds101.checks import jepsen
from ds101.checks.answer import Answer
from ds101.checks.budget import Budget
from ds101.checks.linearizability import linearizable
from ds101.checks.maps import Map
from ds101.checks.model import Model
from ds101.checks.objects import Counter, Lock, Queue
from ds101.checks.registers import Register
from ds101.errors import Mistake

# The names of operations are those that Jepsen's tests use; `kv` is a map of texts, empty to begin with.
MODELS: Mapping[str, Callable[[], Model]] = {
    "register": lambda: Register(read=("read", "get"), write=("write", "put")),
    "kv": lambda: Register(read=("get", "read"), write=("put", "write"), initial=""),
    "map": Map,
    "counter": Counter,
    "queue": Queue,
    "lock": lambda: Lock(acquire=("acquire", "lock"), release=("release", "unlock")),
}


def judge(path: Path, model: str, *, keyed: bool = False, budget: Budget | None = None) -> Answer:
    """Whether the history in a file is linearizable; see `jepsen.parse` for what may stand in it.

    Raises `Mistake` for a model that isn't there, and for a file that can't be read or holds no history.
    """
    if model not in MODELS:
        raise Mistake(f"There is no model {model!r}. There are: {', '.join(sorted(MODELS))}.")
    try:
        history = jepsen.read(path, keyed=keyed)
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"{path} can't be read: {error}") from None
    return linearizable(history, MODELS[model](), budget or Budget())
