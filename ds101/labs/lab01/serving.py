"""Task 4, `serve`: an echo server for clients that are slow, broken, hostile, or say nothing."""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from ds101.checks.answer import Answer, broken, holds, to_do
from ds101.errors import NodeError, Timeout
from ds101.labs.lab01.exchanging import AMPLE, SHORT, overdue
from ds101.labs.lab01.given import LIMIT, Address, hosted
from ds101.labs.lab01.peers import LARGE, PATIENCE, SMALL, connect, hangs_up, heard_back
from ds101.labs.lab01.streams import WORDS, frame
from ds101.labs.specification import property_of
from ds101.labs.wording import bytes_in_words, value_in_words
from ds101.processes import Process
from ds101.proxy import Proxy


@contextmanager
def trial(serve: Any, aloud: bool) -> Iterator[Callable[[float], Any]]:
    """Starts a server with a timeout, as often as a property needs one."""

    @contextmanager
    def started(timeout: float) -> Iterator[tuple[Process, Address]]:
        server, address = hosted(serve, timeout, SMALL)
        try:
            yield server, address
        finally:
            server.kill()

    yield started


@dataclass(frozen=True, slots=True)
class Visit:
    """A client sends these messages at once, each `times` times itself, through a proxy that slices (0: no proxy)."""

    messages: tuple[str, ...]
    slice: int
    times: int = 1


def visits(source: random.Random, size: int) -> Iterator[list[Visit]]:
    yield [Visit(("hi",), 0)]
    yield [Visit(("hi", "", "日本"), 0)]  # all three in one piece
    yield [Visit(("hi", "", "日本"), 1), Visit(("hello",), 3)]
    yield [Visit(("x",), 0, LARGE)]
    for _ in range(2 * size):
        yield [Visit(tuple(source.choices(WORDS, k=source.randint(1, 5))), source.randint(1, 7)) for _ in range(2)]


@property_of(
    "lab01",
    points=3,
    title="echo",
    hint="How does your server know that a client's stream is over, what does it do until then, and what after?",
    needs=("serve",),
    trial=trial,
    cases=visits,
    case=list[Visit],
)
def echoes(started: Any, case: list[Visit]) -> Answer:
    """The server sends back every message of every client, in order, however the network cuts the stream."""
    steps: list[str] = []
    with started(AMPLE) as (server, address):
        for number, visit in enumerate(case, start=1):
            with _way_to(address, visit.slice) as way:
                heard, instead = _visited(way, visit)
            data = _stream(visit)
            steps += _visit_in_words(number, visit, data, heard, instead)
            if heard != data:
                why = f": {instead}" if instead else ""
                sentence = (
                    f"Client {number} sent {_said(visit)}, and got back {bytes_in_words(heard) or 'nothing'}{why}."
                )
                return _blamed(server, sentence, steps)
    return holds(steps=steps)


@contextmanager
def _way_to(address: Address, pieces: int) -> Iterator[Address]:
    if not pieces:
        yield address
        return
    with Proxy(address) as proxy:
        proxy.link(slice=pieces)
        yield proxy.address


def _visited(address: Address, visit: Visit) -> tuple[bytes, str]:
    """What a client got back; one with a large message is slow to read it."""
    data = _stream(visit)
    try:
        connection = connect(address, buffer=SMALL if len(data) > SMALL else 0)
    except OSError as error:
        return b"", f"no connection ({type(error).__name__})"
    with connection:
        try:
            connection.sendall(data)
        except OSError:
            return b"", "the server did not take it"
        return heard_back(connection, len(data))


def _stream(visit: Visit) -> bytes:
    return b"".join(frame(message * visit.times) for message in visit.messages)


def _said(visit: Visit) -> str:
    return ", ".join(value_in_words(message * visit.times) for message in visit.messages)


def _visit_in_words(number: int, visit: Visit, data: bytes, heard: bytes, instead: str) -> list[str]:
    slicing = f", through a proxy that passes on {visit.slice} at a time" if visit.slice else ""
    return [
        f"client {number} sends      {bytes_in_words(data)}{slicing}",
        f"client {number} gets back  {bytes_in_words(heard) or 'nothing'}{', then ' + instead if instead else ''}",
    ]


def _blamed(server: Process, sentence: str, steps: list[str]) -> Answer:
    """Why it went wrong: the server's own error if it died of one; otherwise it was late, or wrong."""
    with suppress(Timeout):
        try:
            server.wait(0.2)
        except NodeError as error:
            _, skeleton, sentence = str(error).partition("NotYet: ")
            if skeleton:
                return to_do(sentence.split(" It happened in ")[0])
            return broken(f"{sentence} Your {error}", steps)
        return broken(f"{sentence} serve had returned: it must go on for ever.", steps)
    return overdue(sentence, steps)


@dataclass(frozen=True, slots=True)
class Bad:
    """A client that breaks the rules: what it sends, and how it leaves (stays, closes, resets)."""

    kind: str
    hexadecimal: str
    leaves: str

    @property
    def data(self) -> bytes:
        return bytes.fromhex(self.hexadecimal)


def bad_clients(source: random.Random, size: int) -> Iterator[Bad]:
    whole = frame("hello")
    yield Bad("dies inside a frame", whole[:6].hex(), "closes")
    yield Bad("dies inside a header", whole[:2].hex(), "closes")
    yield Bad("breaks the connection inside a frame", whole[:6].hex(), "resets")
    yield Bad("announces 4 GiB", "ffffffff", "stays")
    yield Bad("sends bytes that are not UTF-8", (b"\x00\x00\x00\x02" + b"\xff\xfe").hex(), "stays")
    for _ in range(2 * size):
        length = source.randint(LIMIT + 1, 2**32 - 1)
        yield Bad(f"announces {length:,} bytes", length.to_bytes(4, "big").hex(), source.choice(["stays", "closes"]))
        cut = source.randrange(1, len(whole))
        yield Bad(f"dies after {cut} bytes", whole[:cut].hex(), source.choice(["closes", "resets"]))


@property_of(
    "lab01",
    points=3,
    title="a bad client harms only itself",
    hint="Which line of your server raises when this client does that, and whose connection should end there?",
    needs=("serve",),
    trial=trial,
    cases=bad_clients,
    case=Bad,
)
def survives(started: Any, bad: Bad) -> Answer:
    """A client that dies, or breaks the rules of framing, loses its own connection, and the next one is served."""
    with started(4 * AMPLE) as (server, address):
        steps = [f"client 1 {bad.kind}: {bytes_in_words(bad.data)}"]
        try:
            left = _misbehaves(address, bad)
        except OSError as error:
            return _blamed(server, f"Client 1 could not do what it wanted to ({type(error).__name__}).", steps)
        steps.append(left)
        if left == LEFT_ALONE:
            return _blamed(server, f"Client 1 {bad.kind}, and the server did not hang up on it.", steps)
        return _served_next(server, address, f"After a client that {bad.kind}", steps)


HUNG_UP, LEFT_ALONE = "the server hangs up on it", f"the server has not hung up on it after {PATIENCE:g} s"


def _misbehaves(address: Address, bad: Bad) -> str:
    """What becomes of the bad client."""
    with connect(address) as connection:
        connection.sendall(bad.data)
        if bad.leaves == "stays":
            return HUNG_UP if hangs_up(connection) else LEFT_ALONE
        if bad.leaves == "resets":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return f"client 1 {bad.leaves} its connection"


def _served_next(server: Process, address: Address, after: str, steps: list[str]) -> Answer:
    """Whether a good client gets its echo now."""
    heard, instead = _visited(address, Visit(("hello",), 0))
    steps.append(f"client 2 sends 'hello'{', and then: ' + instead if instead else ' and gets it back'}")
    if heard == frame("hello"):
        return holds(steps=steps)
    return _blamed(server, f"{after}, the next client was not served: {instead or 'wrong bytes came'}.", steps)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A client that says only this, and then nothing; `reads` tells whether it takes what it is sent."""

    kind: str
    hexadecimal: str = ""
    large: bool = False


def quiet_clients(source: random.Random, size: int) -> Iterator[Quiet]:
    whole = frame("hello")
    yield Quiet("says nothing")
    yield Quiet("stops inside a header", whole[:3].hex())
    yield Quiet("stops inside a message", whole[:7].hex())
    yield Quiet(f"sends a message of {LARGE:,} bytes and never reads its echo", large=True)
    for _ in range(size - 1):
        yield Quiet("stops half-way", whole[: source.randrange(1, len(whole))].hex())


@property_of(
    "lab01",
    points=2,
    title="silence is bounded",
    hint="Which of your calls wait for a client, and for how long at the most?",
    needs=("serve",),
    trial=trial,
    cases=quiet_clients,
    case=Quiet,
)
def bounds_silence(started: Any, quiet: Quiet) -> Answer:
    """The server hangs up on a client that lets it wait for `timeout` seconds, and serves the others."""
    with started(SHORT) as (server, address):
        steps = [f"serve(listener, timeout={SHORT:g}) is running", f"client 1 {quiet.kind}, and stays connected"]
        try:
            connection = connect(address, buffer=SMALL if quiet.large else 0)
        except OSError as error:
            return _blamed(server, f"Client 1 could not connect ({type(error).__name__}).", steps)
        with connection:
            with suppress(OSError):
                connection.sendall(frame("x" * LARGE) if quiet.large else bytes.fromhex(quiet.hexadecimal))
            if not quiet.large:
                steps.append(HUNG_UP if hangs_up(connection) else LEFT_ALONE)
            if steps[-1] == LEFT_ALONE:
                return _blamed(server, f"Client 1 {quiet.kind}, and the server did not hang up on it.", steps)
            return _served_next(server, address, f"While a client {quiet.kind}", steps)
