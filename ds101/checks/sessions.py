"""What a client may rely on while replicas differ: the session guarantees, and causal consistency.

>>> from ds101.checks.fields import Named
>>> from ds101.checks.registers import Register
>>> session = [
...     Operation("ada", "n1", Named("write", "x", (1,)), 0.0, 0.1, "ok"),
...     Operation("ada", "n2", Named("read", "x"), 0.2, 0.3, "ok", None),
... ]
>>> read_your_writes(session, Register()).verdict, monotonic_reads(session, Register()).verdict
(Verdict.BROKEN, Verdict.HOLDS)

Terry, Demers, Petersen, Spreitzer, Theimer and Welch (1994, "Session guarantees for weakly consistent replicated data")
define the four in terms of what servers hold. Here they are judged by what clients were told, as in Viotti and Vukolić
(2016, "Consistency in non-transactional distributed storage systems"): a guarantee is broken where no order of the
writes, and no choice of what each read saw, explains all the replies of one client.

A session is a client. Every write must write a value of its own, or reads can't be matched with writes: then the answer
is inconclusive. Writes of unknown outcome count from when they are read; they bind nobody before.
"""

from __future__ import annotations

from collections.abc import Iterable

from ds101.checks.accesses import Accesses, Ambiguous, FromNowhere, accesses_of
from ds101.checks.answer import Answer, broken, check, holds, inconclusive
from ds101.checks.causality import Contradiction, Pair, WriteOrder, contradiction
from ds101.checks.circles import told_of
from ds101.checks.fields import key_in_words
from ds101.checks.model import Model
from ds101.draw.wording import counted
from ds101.history import Operation

READ_AFTER_WRITE: frozenset[Pair] = frozenset({("w", "r")})
READ_AFTER_READ: frozenset[Pair] = frozenset({("r", "r")})
WRITE_AFTER_WRITE: frozenset[Pair] = frozenset({("w", "w")})
WRITE_AFTER_READ: frozenset[Pair] = frozenset({("r", "w")})
ALL = READ_AFTER_WRITE | READ_AFTER_READ | WRITE_AFTER_WRITE | WRITE_AFTER_READ


@check(hint="Which replica answered the read, and how could the client have known that it was too far behind?")
def read_your_writes(history: Iterable[Operation], model: Model, order: WriteOrder = "time") -> Answer:
    """A client that has written a value never reads an older one afterwards.

    `order` says which writes are known to be older: "time", those that had ended before the other began (all writes go
    through one place); "client", the earlier ones of the same client; "none", only what the reads show. Raises
    `Mistake` for a model whose operations are no reads and writes.
    """
    return _judged(history, model, READ_AFTER_WRITE, order)


@check(hint="Which two replicas answered the two reads, and what did the second one lack?")
def monotonic_reads(history: Iterable[Operation], model: Model, order: WriteOrder = "time") -> Answer:
    """A client that has read a value never reads an older one afterwards.

    `order` and what is raised are those of `read_your_writes`.
    """
    return _judged(history, model, READ_AFTER_READ, order)


@check(hint="By which ways did the two writes reach that replica, and what keeps the second from overtaking?")
def monotonic_writes(history: Iterable[Operation], model: Model) -> Answer:
    """Everybody sees the writes of one client in the order in which it made them.

    Only reads can show it, so a client whose own reads go back and forth shows nothing: then it is inconclusive.
    Raises `Mistake` for a model whose operations are no reads and writes.
    """
    return _judged(history, model, READ_AFTER_READ | WRITE_AFTER_WRITE, "none", without=READ_AFTER_READ)


@check(hint="What had the writer read, and how could a replica that gets the write know that it lacks that?")
def writes_follow_reads(history: Iterable[Operation], model: Model) -> Answer:
    """Whoever sees a write sees from then on also what its writer had read before it.

    Inconclusive and `Mistake` as for `monotonic_writes`.
    """
    return _judged(history, model, READ_AFTER_READ | WRITE_AFTER_READ, "none", without=READ_AFTER_READ)


@check(hint="Which write did the other one depend on, and what would a replica have to know to hold the second back?")
def causally_consistent(history: Iterable[Operation], model: Model) -> Answer:
    """Every client sees writes that may depend on each other in that order; the order of others may differ.

    Causal memory (Ahamad, Neiger, Burns, Kohli and Hutto 1995, "Causal memory: definitions, implementation, and
    programming"): for every client there is an order of all writes and its own reads that keeps to causality, and in
    which each read is told of the latest write. Causality is Lamport's (1978): the order of a client's operations, and
    from a write to whoever read it. Raises `Mistake` for a model whose operations are no reads and writes.
    """
    return _judged(history, model, ALL, "none")


def _judged(
    history: Iterable[Operation],
    model: Model,
    pairs: frozenset[Pair],
    order: WriteOrder,
    without: frozenset[Pair] | None = None,
) -> Answer:
    try:
        accesses = accesses_of(history, model)
    except Ambiguous as ambiguous:
        return inconclusive(str(ambiguous))
    except FromNowhere as nowhere:
        who = nowhere.operation
        return broken(f"{who.client}'s {model.label(who)} tells of a value that nobody wrote.", evidence=who)
    found = contradiction(accesses, pairs, order)
    if found is None:
        counts = counted(len(accesses.reads), "read"), counted(len(accesses.writes), "write")
        return holds(f"{counts[0]}, {counts[1]}, {counted(len(accesses.clients()), 'client')}")
    if without is not None:
        other = contradiction(accesses, without, order)
        if other is not None:
            return inconclusive(_beside_the_point(accesses, other))
    return told_of(accesses, found, model)


def _beside_the_point(accesses: Accesses, found: Contradiction) -> str:
    reader = accesses.items[found.read]
    where = "" if accesses.key[found.read] is None else f" of {key_in_words(accesses.key[found.read])}"
    return (
        f"{reader.client}'s own reads{where} go back to what it had read before, so they can't show in which order "
        "others' writes arrive. Look at its monotonic reads first."
    )
