"""Task 3, `exchange`: one message there, one reply back, over a connection that may cut, stall or die."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from ds101.checks.answer import Answer, broken, holds, inconclusive, to_do
from ds101.errors import NotYet
from ds101.labs.apart import Apart, Outcome, Raised, Returned, Silent, machine_keeps
from ds101.labs.lab01.given import LIMIT, Address, Truncated
from ds101.labs.lab01.peers import LARGE, PATIENCE, SMALL, Peer
from ds101.labs.lab01.streams import WORDS, frame
from ds101.labs.specification import property_of
from ds101.labs.wording import bytes_in_words, outcome_in_words, value_in_words
from ds101.proxy import Proxy

AMPLE = 5.0  # seconds that an exchange is given where time is not the question
SHORT = 0.3  # seconds that an exchange is given where it is
REPLY = "so be it"


@contextmanager
def trial(exchange: Any, aloud: bool) -> Iterator[Apart]:
    with Apart(exchange_all, exchange, aloud=aloud, name="client") as client:
        yield client


def exchange_all(exchange: Any, address: Address, messages: list[str], timeout: float, buffer: int = 0) -> list[Any]:
    """The replies to these messages, over one connection."""
    with socket.create_connection(address) as connection:
        if buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        return [exchange(connection, message, timeout) for message in messages]


def answer(word: str, peer: Peer, connection: socket.socket) -> None:
    """To every message, itself behind a word that only the peer knows: who does not listen can't guess it."""
    while True:
        connection.sendall(frame(f"{word} {peer.read_frame(connection).decode('utf-8', 'replace')}"))


@dataclass(frozen=True, slots=True)
class Talk:
    """These messages, one after the other, through a proxy that passes on at most `slice` bytes at a time.

    Each is answered with `word` before it.
    """

    messages: tuple[str, ...]
    slice: int
    word: str = ">"


def talks(source: random.Random, size: int) -> Iterator[Talk]:
    first = ((("hi",), 1 << 16), (("hi",), 3), (("日本", "", "hi"), 1))
    others = ((tuple(source.choices(WORDS, k=source.randint(1, 4))), source.randint(1, 7)) for _ in range(3 * size))
    for messages, slice_ in chain(first, others):
        yield Talk(messages, slice_, str(source.randint(10_000, 99_999)))


@property_of(
    "lab01",
    points=3,
    title="the whole reply",
    hint="How many frames does one recv bring: one, half of one, none at all?",
    needs=("exchange",),
    trial=trial,
    cases=talks,
    case=Talk,
)
def replies(client: Apart, talk: Talk) -> Answer:
    """exchange sends a message and returns the reply to it, however the network cuts the two."""
    with Peer(partial(answer, talk.word)) as peer, Proxy(peer.address) as proxy:
        proxy.link(slice=talk.slice)
        outcome = client.ask(proxy.address, list(talk.messages), AMPLE, patience=AMPLE + PATIENCE)
        heard = bytes(peer.heard)
    if missing := not_written(outcome):
        return to_do(missing)
    expected = [f"{talk.word} {message}" for message in talk.messages]
    sent = b"".join(map(frame, talk.messages))
    steps = [
        f"a proxy passes on at most {talk.slice} byte{'s' if talk.slice > 1 else ''} at a time, each way",
        f"your client sends {', '.join(map(value_in_words, talk.messages))}: {bytes_in_words(sent)}",
        f"the peer gets {bytes_in_words(heard) or 'nothing'}"
        + ("" if heard == sent else "   ← it should get all of that"),
        f"the peer answers each with '{talk.word} ' before it: {bytes_in_words(b''.join(map(frame, expected)))}",
        f"exchange {outcome_in_words(outcome)}",
    ]
    if outcome == Returned(expected):
        return holds(steps=steps)
    if isinstance(outcome, Silent) or _is_timeout(outcome):
        return overdue(f"The reply to {value_in_words(talk.messages[0])} did not come out of exchange.", steps)
    return broken(f"The replies should be {value_in_words(expected)}, and exchange {in_short(outcome)}.", steps)


@dataclass(frozen=True, slots=True)
class Large:
    """A message of `size` bytes to a peer that begins to read after `pause` seconds."""

    size: int
    pause: float


def larges(source: random.Random, size: int) -> Iterator[Large]:
    yield Large(LARGE, 0.05)
    for _ in range(size):
        yield Large(source.randint(LIMIT // 2, LARGE), 0.05)


@property_of(
    "lab01",
    points=1,
    title="every byte leaves",
    hint="What does socket.send return, and who sends the bytes that it did not?",
    needs=("exchange",),
    trial=trial,
    cases=larges,
    case=Large,
)
def sends_all(client: Apart, case: Large) -> Answer:
    """A message of up to LIMIT bytes arrives whole, also where the receiver is slow."""

    def read_late(peer: Peer, connection: socket.socket) -> None:
        peer.over.wait(case.pause)
        size = len(peer.read_frame(connection))
        connection.sendall(frame(f"{size} bytes"))

    with Peer(read_late, buffer=SMALL) as peer:
        outcome = client.ask(peer.address, ["x" * case.size], PATIENCE, SMALL, patience=2 * PATIENCE)
        heard = len(peer.heard)
    if missing := not_written(outcome):
        return to_do(missing)
    steps = [
        f"the peer begins to read after {case.pause:g} s; the buffers between you hold about {4 * SMALL // 1024} KiB",
        f"exchange(connection, 'x' * {case.size}, timeout={PATIENCE:g})  {outcome_in_words(outcome)}",
        f"of the {case.size + 4:,} bytes of the frame, the peer got {heard:,}",
    ]
    if outcome == Returned([f"{case.size} bytes"]):
        return holds(steps=steps)
    if heard < case.size + 4:
        return overdue(f"Of a frame of {case.size + 4:,} bytes, {heard:,} left.", steps)
    return overdue("The frame arrived, and the reply to it did not come out of exchange.", steps)


@dataclass(frozen=True, slots=True)
class Silence:
    """How the peer keeps a client waiting: silent, dripping, or deaf."""

    kind: str


def silences(source: random.Random, size: int) -> Iterator[Silence]:
    yield from (Silence("silent"), Silence("dripping"), Silence("deaf"))


def _silent(peer: Peer, connection: socket.socket) -> None:
    peer.read_frame(connection)
    peer.over.wait()


def _drip(peer: Peer, connection: socket.socket) -> None:
    peer.read_frame(connection)
    for byte in frame("x" * 1000):
        connection.sendall(bytes([byte]))
        if peer.over.wait(SHORT / 5):
            return


def _deaf(peer: Peer, connection: socket.socket) -> None:
    peer.over.wait()


SILENCES = {
    "silent": (_silent, "hi", "the peer reads the message and never answers"),
    "dripping": (_drip, "hi", f"the peer answers with a byte every {1000 * SHORT / 5:.0f} ms, and would need a minute"),
    "deaf": (_deaf, "x" * LARGE, f"the peer never reads, so most of a message of {LARGE:,} bytes can't leave"),
}


@property_of(
    "lab01",
    points=2,
    title="a deadline is a deadline",
    hint="Which of your calls wait? Do they share one deadline, or does each byte that arrives bring new time?",
    needs=("exchange",),
    trial=trial,
    cases=silences,
    case=Silence,
)
def keeps_its_deadline(client: Apart, case: Silence) -> Answer:
    """An exchange whose reply is not complete after `timeout` seconds raises TimeoutError."""
    behave, message, story = SILENCES[case.kind]
    with Peer(behave, buffer=SMALL) as peer:
        outcome = client.ask(peer.address, [message], SHORT, SMALL, patience=PATIENCE)
    if missing := not_written(outcome):
        return to_do(missing)
    steps = [
        story,
        f"exchange(connection, {value_in_words(message)}, timeout={SHORT:g})  {outcome_in_words(outcome)}",
    ]
    if _is_timeout(outcome):
        return holds(steps=steps)
    if isinstance(outcome, Silent):
        return overdue(f"exchange was given {SHORT:g} s and had not ended after {outcome.after:g} s.", steps)
    return broken(f"exchange should raise TimeoutError, and {in_short(outcome)}.", steps)


@dataclass(frozen=True, slots=True)
class Death:
    """The peer dies after `size` bytes of its reply."""

    size: int


def deaths(source: random.Random, size: int) -> Iterator[Death]:
    whole = len(frame(REPLY))
    yield from (Death(0), Death(2), Death(4), Death(whole - 1))
    yield from (Death(source.randrange(whole)) for _ in range(2 * size))


@property_of(
    "lab01",
    points=1,
    title="a dead peer is no reply",
    hint="What does recv return at the end of a stream, and what has the peer then really said?",
    needs=("exchange",),
    trial=trial,
    cases=deaths,
    case=Death,
)
def notices_a_dead_peer(client: Apart, case: Death) -> Answer:
    """An exchange whose connection ends before the whole reply raises Truncated."""

    def die(peer: Peer, connection: socket.socket) -> None:
        peer.read_frame(connection)
        connection.sendall(frame(REPLY)[: case.size])

    with Peer(die) as peer:
        outcome = client.ask(peer.address, ["hi"], PATIENCE, patience=2 * PATIENCE)
    if missing := not_written(outcome):
        return to_do(missing)
    steps = [
        "your client sends 'hi'",
        f"the peer sends {case.size} of the {len(frame(REPLY))} bytes of its reply, and dies: recv gives b''",
        f"exchange {outcome_in_words(outcome)}",
    ]
    if isinstance(outcome, Raised) and outcome.is_a(Truncated):
        return holds(steps=steps)
    return broken(f"The peer died before its reply was complete, and exchange {in_short(outcome)}.", steps)


def overdue(headline: str, steps: list[str]) -> Answer:
    """Something did not come in time: broken, unless this machine is too busy to tell."""
    if machine_keeps(PATIENCE):
        return broken(headline, steps)
    return inconclusive("This machine is too busy to tell: a process of ours was late, too. Check again later.", steps)


def in_short(outcome: Outcome) -> str:
    return outcome_in_words(outcome, place=False)


def not_written(outcome: Outcome) -> str:
    return outcome.words if isinstance(outcome, Raised) and outcome.is_a(NotYet) else ""


def _is_timeout(outcome: Outcome) -> bool:
    return isinstance(outcome, Raised) and outcome.is_a(TimeoutError)
