"""The process of one node: its sockets, its handlers one at a time, and its end.

It is started by the supervisor (`ds101.processes`), says hello to its world, connects to every other node, and
waits at the barrier until all are there. Then it runs `start`, and from there on one handler at a time.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import random
import signal
from collections.abc import Callable, Sequence
from typing import Any

import cloudpickle
import msgspec

from ds101.clock import Clock
from ds101.cluster.commands import Commands
from ds101.cluster.control import Channel
from ds101.cluster.frames import Envelope, encode_line
from ds101.cluster.incoming import Incoming
from ds101.cluster.journal import Journal
from ds101.cluster.links import Links
from ds101.cluster.recorder import Recorder
from ds101.cluster.timers import Timers
from ds101.effects import Sending, interval, no_handler, sendings, timer_name
from ds101.faults import CrashPoint
from ds101.lines import places_of
from ds101.messages import Message, Timer, Types, decode_body, encode
from ds101.network import Network
from ds101.node import Node, handler_for
from ds101.reach import freeze_globals
from ds101.storage import Storage
from ds101.turn import count_effect, meets, take_turn
from ds101.wire import Refused

HOST = "127.0.0.1"
AT_ONCE = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows ends a process at once for any signal


class Plan(msgspec.Struct):
    """What a node process is told at its birth."""

    id: str
    nodes: tuple[str, ...]
    life: int
    seed: str
    control: tuple[str, int]
    token: str
    port: int  # 0 for any
    any_other_port: bool  # whether another one will do if that is taken


def run_node(plan: Plan, shipped: bytes, disk: int | str) -> None:
    """The main function of a node process."""
    node_class, types = cloudpickle.loads(shipped)
    freeze_globals(node_class)
    gc.freeze()  # the collector needn't look again and again at what was there before the first message
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(Server(plan, node_class, types, Journal(disk)).run())


class Server:
    """A node, and all that its process does for it: this is the `Context` that the node sees."""

    def __init__(self, plan: Plan, node_class: type[Node], types: Types, journal: Journal) -> None:
        self.plan, self.node_class, self.types = plan, node_class, types
        self.id = plan.id
        self.peers = tuple(name for name in plan.nodes if name != plan.id)
        self.random = random.Random(f"{plan.seed}/{plan.id}/{plan.life}")
        self.channel = Channel(Commands(self).obey, lambda _: None)
        self.recorder = Recorder(plan.id, plan.life, self.channel)
        self.network = Network(random.Random(f"{plan.seed}/{plan.id}/{plan.life}/links"))
        self.links = Links(self.network, self._real_now, self._dropped, plan.token)
        self.journal = journal
        self.storage = Storage(self._save, journal.read())
        self.clock = Clock(self._real_now)
        self.timers = Timers(self.clock, self.random, self._fire)
        self.node = node_class(self)
        self.handlers: dict[str, tuple[type[Message], Callable[..., None]]] = {}
        self.outbox: list[Sending] = []
        self.cause: str | None = None  # the event whose handler runs
        self.sender = ""  # of the message that it handles
        self.waiting: list[tuple[Envelope, bytes, Incoming]] | None = []  # what came before the barrier opened
        self.crash_points: dict[str, CrashPoint] = {}
        self.effects_left: int | None = None
        self.raw: dict[str, Incoming] = {}  # plain sockets, by the addresses that they were given
        self.raw_count = 0
        self.dying = False

    async def run(self) -> None:
        """Listen, say hello, and serve until the process is killed."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self.channel, *self.plan.control)
        port, trouble = 0, ""
        try:
            port = await self._listen()
        except OSError as error:
            why = "is in use by another program" if error.errno == errno.EADDRINUSE else f"can't be had ({error})"
            trouble = f"The port {self.plan.port} {why}. Give another first_port, or none."
        self.channel.say("hello", self.plan.token, self.id, self.plan.life, port, trouble)
        await loop.create_future()  # everything else is driven by events

    async def _listen(self) -> int:
        loop = asyncio.get_running_loop()
        try:
            listener = await loop.create_server(lambda: Incoming(self), HOST, self.plan.port, reuse_address=True)
        except OSError:
            if not self.plan.any_other_port:
                raise
            listener = await loop.create_server(lambda: Incoming(self), HOST, 0)
        port: int = listener.sockets[0].getsockname()[1]
        return port

    # What arrives

    def open_the_barrier(self) -> None:
        """Every node is there, and `start` has run: what came before is handled now."""
        waiting, self.waiting = self.waiting or [], None
        for envelope, line, connection in waiting:
            self.receive(envelope, line, connection)

    def receive(self, envelope: Envelope, line: bytes, connection: Incoming) -> None:
        """One message, from another node, a client or a raw connection."""
        if self.dying:
            return
        if self.waiting is not None:
            self.waiting.append((envelope, line, connection))
        elif envelope.dst != self.id:
            self._relay(envelope, line)
        elif self.network.faults and self.network.cut(envelope.src, self.id):
            self._dropped(envelope, "partition")
        else:
            self._deliver(envelope, line, connection)

    def _deliver(self, envelope: Envelope, line: bytes, connection: Incoming) -> None:
        handled = self.handlers.get(envelope.type) or self._look_up(envelope.type)
        if handled is None:
            return self._not_handled(envelope, connection)
        event, handler = handled
        try:
            message = decode_body(event, envelope.body)
        except Refused as refused:
            return self._not_readable(envelope, connection, refused)
        if self.crash_points and meets(self, envelope.type, "before"):
            return None
        self.recorder.clock = max(self.recorder.clock, envelope.clock) + 1
        self.cause = self.recorder.delivered(envelope, line)
        self.sender = envelope.src
        take_turn(self, envelope.type, handler, message, envelope.src)
        self.sender = ""
        return None

    def _look_up(self, type_name: str) -> tuple[type[Message], Callable[..., None]] | None:
        """What handles a type; a name that is none is not remembered, since a plain socket may say any."""
        event = self.types.get(type_name)
        name = handler_for(self.node_class, event) if event is not None and issubclass(event, Message) else None
        if name is None or event is None:
            return None
        self.handlers[type_name] = event, getattr(self.node, name)
        return self.handlers[type_name]

    # Mistakes of whoever sent a message: the node goes on

    def _not_handled(self, envelope: Envelope, connection: Incoming) -> None:
        words = f"{self.id} got a {envelope.type} from {envelope.src}. {no_handler(self.node_class, envelope.type)}"
        self._refuse(envelope, connection, "no handler", words)

    def _not_readable(self, envelope: Envelope, connection: Incoming, refused: Refused) -> None:
        words = f"{self.id} can't read what it got from {envelope.src}. {refused}."
        self._refuse(envelope, connection, "malformed", words)

    def _refuse(self, envelope: Envelope, connection: Incoming, why: str, words: str) -> None:
        self._dropped(envelope, why)
        connection.complain(words)
        if not envelope.src.startswith("raw-"):
            self.channel.say("unhandled", words)

    def _relay(self, envelope: Envelope, line: bytes) -> None:
        """Another node answers a raw connection of ours."""
        connection = self.raw.get(envelope.dst)
        if connection is not None:
            connection.write(line + b"\n")
        else:
            self._dropped(envelope, f"{envelope.dst} is gone")

    def _fire(self, timer: Timer, cause: str) -> None:
        if self.dying:
            return
        name = type(timer).__name__
        if self.crash_points and meets(self, name, "before"):
            return
        self.cause = self.recorder.happened("fire", cause, name, encode(timer)["body"])
        take_turn(self, name, getattr(self.node, str(handler_for(self.node_class, type(timer)))), timer)
        self.links.flush()

    # Turns: this is the `Host` that `take_turn` needs

    def let_go(self, one: Sending) -> None:
        recorder = self.recorder
        recorder.clock += 1
        envelope = Envelope(
            one.type, msgspec.Raw(one.body), self.id, one.to, recorder.next_id(), recorder.clock, recorder.now()
        )
        line = encode_line(envelope)
        recorder.sent(envelope, line, self.cause)
        if one.to in self.raw:
            self.raw[one.to].write(line + b"\n")
        else:
            self.links.send(self._route(one.to), envelope, line + b"\n")

    def die_at(self, point: str) -> None:
        self.links.flush()
        self.recorder.happened("crash", self.cause, detail=f"SIGKILL {point}")
        self._die()

    def die_of(self, error: BaseException) -> None:
        kind, words = type(error).__name__, str(error)
        self.recorder.happened("error", self.cause, detail=f"{kind}: {words}")
        self.recorder.happened("crash", self.cause, detail=f"an exception: {kind}")
        self.recorder.flush()  # the trace has it before anybody hears of it
        self.recorder.flush()  # whoever hears of the error finds the death in the trace already
        starting = self.waiting is not None
        self.channel.say("error", kind, words, places_of(error), self.sender, starting)
        self._die()

    def _save(self, key: str, value: bytes | None) -> None:
        self.journal.save(key, value)
        count_effect(self)

    def _route(self, to: str) -> str:
        """The name of the link that leads there: a node's own, or that of the world's clients."""
        if to in self.peers or to == self.id:
            return to
        return to.partition(".")[0].removeprefix("raw-") if to.startswith("raw-") else CLIENTS

    def _dropped(self, envelope: Envelope, why: str) -> None:
        self.recorder.dropped(envelope, why)
        if why == "chosen":
            self.channel.say("chosen", envelope.type, envelope.src, envelope.dst)

    # What the node asks for: the `Context`

    def send(self, receivers: Sequence[str], message: Message) -> None:
        self.outbox += sendings(receivers, message, self.plan.nodes)

    def set_timer(self, timer: Timer, after: Any) -> None:
        name = timer_name(self.node_class, timer)
        set_by = self.recorder.happened("set", self.cause, name.type, msgspec.json.decode(name.body))
        self.timers.set(timer, name, interval(after), set_by)

    def cancel_timer(self, timer: Timer) -> None:
        name = timer_name(self.node_class, timer)
        if self.timers.cancel(name):
            self.recorder.happened("cancel", self.cause, name.type, msgspec.json.decode(name.body))

    def now(self) -> float:
        return self.clock.now()

    def log(self, text: str) -> None:
        self.recorder.happened("log", self.cause, detail=text)

    def _real_now(self) -> float:
        return self.recorder.now() / 1e9

    # Dying

    def _die(self) -> None:
        """No event is handled from here on; the process ends as soon as its last words are out."""
        self.dying = True
        self.recorder.flush()
        self.channel.say("dying")
        self._die_when_heard()

    def _die_when_heard(self) -> None:
        if self.channel.backlog or any(link.backlog for link in self.links.all()):
            asyncio.get_running_loop().call_later(0.001, self._die_when_heard)
        else:
            print(end="", flush=True)
            os.kill(os.getpid(), AT_ONCE)


CLIENTS = "*clients"  # the link to the world's clients; no node has such a name
