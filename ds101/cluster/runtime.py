"""One world behind its verbs: launching, faults, deaths and errors. Runs on the loop thread.

`Cluster` is what the reader holds; when it is forgotten, the runtime is closed, so nothing here refers to it.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from ds101.cluster.clients import Clients
from ds101.cluster.loop import LoopThread
from ds101.cluster.members import Member, Members
from ds101.cluster.server import CLIENTS, Plan, run_node
from ds101.cluster.tracebook import TraceBook
from ds101.errors import ClosedError, LaunchError, NodeError, Timeout, Unreachable
from ds101.faults import CrashPoint, Drop, Fault
from ds101.history import Operation
from ds101.messages import Types
from ds101.node import Node
from ds101.processes import Process
from ds101.processes.launcher import forget_disks, preload, start_all
from ds101.processes.shipping import dump, ship
from ds101.processes.steady import uninterrupted
from ds101.reach import types_reached_by
from ds101.trace import Event
from ds101.world.unheard import Unheard, death_in_words

LAST_WORDS_TIMEOUT = 0.2  # seconds that the end waits for a node's last records
ARRIVAL_TIMEOUT = 20.0  # seconds; a busy machine may need a few, a healthy one a few hundredths
_worlds = itertools.count(1)


class Runtime:
    """The nodes, the clients, the faults that hold, and the book of events of one world."""

    def __init__(self, classes: Mapping[str, type[Node]], seed: int, first_port: int, trace_limit: int) -> None:
        self.thread = LoopThread.current()
        self.name = f"world{next(_worlds)}"
        self.classes, self.seed, self.first_port = dict(classes), seed, first_port
        self.nodes = tuple(classes)
        self.types: Types = types_reached_by(*classes.values())
        self.shipped = {one: dump((one, self.types)) for one in dict.fromkeys(classes.values())}
        self.book = TraceBook(trace_limit)
        self.members = Members(self.hear)
        self.clients = Clients(self.types, self.book, str(seed), self.reach, self.members.token, self.thread.loop)
        self.clients.chosen = self.chosen
        self.faults: dict[str, Fault] = {}
        self.skews: dict[str, tuple[float, float]] = {}
        self.operations: list[Operation] = []
        self.unheard = Unheard()
        self.closed = False
        self._fault_numbers = itertools.count(1)

    # Launching

    def start(self) -> None:
        """Start all nodes, on the reader's thread. An interrupt is heard where it waits, and `close` undoes it."""
        with uninterrupted:
            uninterrupted.open.add(self.name)
            preload("ds101.cluster.server")  # what every node process needs
            self.thread.run(self._open())
            self.launch(self.nodes, life=0)

    async def _open(self) -> None:
        """Open the doors for nodes and for replies."""
        self.control_address = await self.members.listen()
        self.clients_address = await self.clients.listen()
        if self.closed:  # whoever waited for this was interrupted
            self._close_connections()

    def launch(self, names: Iterable[str], life: int) -> None:
        """Start these nodes' processes; returns when `start` has run in all. Called on the reader's thread.

        An interrupt kills them: a node is started whole, or not at all.
        """
        births = [self.birth(name, life) for name in names]
        processes = [process for process, *_ in births]
        with uninterrupted:
            self.thread.post(self.admit, processes, life)
            try:
                start_all(births)
                self.thread.run(self.introduce([process.name for process in processes]))
            except KeyboardInterrupt:
                for process in processes:
                    process.kill(wait=False)
                raise

    def birth(self, name: str, life: int) -> tuple[Process, str, bytes, str | None]:
        """What `start_all` needs to start a node's process."""
        process = Process(name, on_exit=lambda code: self.thread.begin(self.exited(name, life, code)))
        port = self.members.by_id[name].port if life else self._first_port_of(name)
        plan = Plan(
            name, self.nodes, life, str(self.seed), self.control_address, self.members.token, port, not self.first_port
        )
        title = f"{name} ({self.classes[name].__name__})"
        return process, title, ship(run_node, plan, self.shipped[self.classes[name]]), f"{self.name}/{name}"

    def _first_port_of(self, name: str) -> int:
        return self.first_port + self.nodes.index(name) if self.first_port else 0

    def admit(self, processes: Sequence[Process], life: int) -> None:
        """Expect the hello of processes that are about to start."""
        for process in processes:
            self.members.by_id[process.name] = Member(process.name, self.classes[process.name], process, life)

    async def introduce(self, names: Sequence[str]) -> None:
        """Wait for these nodes, connect everybody with them, and open the barrier."""
        new = [self.members.by_id[name] for name in names]
        await self.members.arrival(new, ARRIVAL_TIMEOUT)
        living = self.living()
        others = [one for one in living if one not in new]
        addresses = {one.id: self.address_of(one.id) for one in living} | {CLIENTS: self.clients_address}
        await self.members.tell(new, "faults", msgspec.msgpack.encode(self.faults))
        for one in new:
            if one.id in self.skews:
                await self.members.tell([one], "skew", *self.skews[one.id])
        await self.members.tell(new, "connect", addresses)
        await self.members.tell(others, "connect", {name: addresses[name] for name in names})
        for name in names:
            await self.clients.links.connect(name, addresses[name])
        if all(one.life == 0 for one in new):
            self.clients.began = time.monotonic_ns()
        await self._begin(new)

    async def _begin(self, new: Sequence[Member]) -> None:
        """Let `start` run in all of these. Raises what stands against it."""
        waited = [self.members.ask(one, "begin", self.clients.began, timeout=ARRIVAL_TIMEOUT) for one in new]
        for one, result in zip(new, await asyncio.gather(*waited, return_exceptions=True), strict=True):
            one.begun = True
            if isinstance(result, Timeout):
                raise LaunchError(
                    f"{one.id} did not come back from start() within {ARRIVAL_TIMEOUT:g} s. Is it a loop?"
                )
            if isinstance(result, BaseException) and not isinstance(result, Unreachable):
                raise result

    def living(self) -> list[Member]:
        """The nodes that have not crashed."""
        return [one for one in self.members.by_id.values() if not one.dead]

    def address_of(self, name: str) -> tuple[str, int]:
        """Where a node listens."""
        return "127.0.0.1", self.members.by_id[name].port

    def reach(self, name: str) -> tuple[str, int] | None:
        """Where a node listens, unless it is dead."""
        return None if self.members.by_id[name].dead else self.address_of(name)

    # What nodes say unasked

    def hear(self, member: Member, verb: str, arguments: list[Any]) -> None:
        getattr(self, f"_on_{verb}")(member, *arguments)

    def _on_trace(self, member: Member, count: int, forgotten: int, packed: bytes) -> None:
        self.book.add_batch(member.id, count, forgotten, packed)

    def _on_error(self, member: Member, kind: str, words: str, places: list[Any], sender: str, starting: bool) -> None:
        what = death_in_words(kind, words, places)
        member.error = NodeError(f"{member.id} {what}")
        awaited, starter_hears_it = self.clients.waits(sender), starting and not member.begun
        if not awaited and not starter_hears_it:
            self.unheard.add(member.id, what)  # first: whoever sees that the node is dead may ask why
        self.bury(member)
        if not self.clients.fail(sender, member.error) and awaited:
            self.unheard.add(member.id, what)  # the caller has given up in between

    def _on_unhandled(self, member: Member, words: str) -> None:
        self.unheard.add("", words)

    def _on_chosen(self, _: Member, type_name: str, src: str, dst: str) -> None:
        self.chosen(type_name, src, dst)

    def _on_dying(self, member: Member) -> None:
        """It has recorded its own end."""
        for name, fault in list(self.faults.items()):
            if isinstance(fault, CrashPoint) and fault.node == member.id:
                del self.faults[name]
        self.bury(member)

    def chosen(self, type_name: str, src: str, dst: str) -> None:
        """A Drop has had one of its messages: a restarted node must not drop it again."""
        for name, fault in self.faults.items():
            if isinstance(fault, Drop) and fault.type == type_name and fault.concerns(src, dst):
                if fault.times > 1:
                    self.faults[name] = msgspec.structs.replace(fault, times=fault.times - 1)
                else:
                    del self.faults[name]
                return

    # Deaths

    async def exited(self, name: str, life: int, code: int) -> None:
        """The process of one life of a node is gone; what it had said comes first."""
        member = self.members.by_id.get(name)
        if member is None or member.life != life or self.closed:
            return
        if member.channel is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(member.channel.ended.wait(), LAST_WORDS_TIMEOUT)
        if member.dead:
            return
        error = member.process.error
        if error is not None and member.begun:
            self.unheard.add(name, str(error).removeprefix(f"{name} "))
        self.note("crash", name, detail="SIGKILL" if code == -9 else f"exit code {code}")
        member.error = member.error or error
        self.bury(member)

    def bury(self, member: Member) -> None:
        """Nothing reaches this node any more, until it is restarted."""
        if not member.dead:
            self.members.bury(member, member.error)
            self.clients.links.close(member.id)

    # Faults and notes

    async def hold(self) -> None:
        """All who are awake apply the faults that hold now, before this returns."""
        with self.clients.lock:
            self.clients.network.hold(self.faults)
        await self.members.tell(list(self.members.by_id.values()), "faults", msgspec.msgpack.encode(self.faults))

    async def add_fault(self, fault: Fault) -> str:
        """Let a fault begin; returns its name."""
        name = f"{type(fault).__name__.lower()}{next(self._fault_numbers)}"
        self.faults[name] = fault
        await self.hold()
        self._note_fault(name, fault)
        return name

    def _note_fault(self, name: str, fault: Fault) -> None:
        kind = type(fault).__name__.lower()
        if kind in ("partition", "link"):
            self.note(kind, body={**msgspec.to_builtins(fault), "fault": name}, detail=repr(fault))

    async def end_faults(self, names: Sequence[str]) -> None:
        """Let faults end; those that have ended already don't matter."""
        ended = {name: self.faults.pop(name) for name in names if name in self.faults}
        if ended:
            await self.hold()
        for name, fault in ended.items():
            self.note("heal", body={"fault": name}, detail=type(fault).__name__.lower())

    async def skew(self, node: str, offset: float, rate: float) -> None:
        """Set a node's clock, now and in its next lives."""
        self.skews[node] = (offset, rate)
        await self.members.tell([self.members.by_id[node]], "skew", offset, rate)
        self.note("skew", node, {"offset": offset, "rate": rate}, f"offset {offset:g} s, rate {rate:g}")

    def note(self, kind: str, node: str = "", body: Mapping[str, Any] | None = None, detail: str = "") -> None:
        """Write down what the world did."""
        self.book.add(Event(self.clients.next_id(), kind, self.clients.now(), node, 0, body=body or {}, detail=detail))

    def note_operation(self, kind: str, operation: Operation, number: int, cause: str | None, detail: str) -> str:
        """Write down a client's step: invoke, ok, fail or info. Returns the event's id."""
        request = type(operation.request).__name__
        return self.clients.note(kind, operation.client, cause, request, {"op": number}, detail)

    # Errors and the end

    def refuse_if_closed(self) -> None:
        """Raises `ClosedError` after the end."""
        if self.closed:
            raise ClosedError("This world is closed: its processes have ended. Start a new one.")

    def close(self) -> None:
        """End all processes and connections; called on the reader's thread."""
        with uninterrupted:
            try:
                self.thread.run(self._last_words())
            finally:  # an interrupt only ends the waiting
                self.abandon()
            for member in self.members.by_id.values():
                member.process.kill()
            self.thread.do(lambda: None)  # what `abandon` left to the loop is done

    async def _last_words(self) -> None:
        await self.members.tell(self.living(), "flush", timeout=LAST_WORDS_TIMEOUT)

    def abandon(self) -> None:
        """The same for a world that was forgotten: on any thread, waiting for nothing."""
        if not self.thread.is_here:
            return
        self.closed = True
        uninterrupted.open.discard(self.name)
        for member in list(self.members.by_id.values()):
            member.process.kill(wait=False)
        self.thread.post(self._close_connections)

    def _close_connections(self) -> None:
        for member in self.members.by_id.values():  # whoever still waits for one hears that
            self.bury(member)
        self.members.close()
        self.clients.close()
        forget_disks(f"{self.name}/")
