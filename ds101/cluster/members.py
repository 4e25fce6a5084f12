"""The nodes of one world as its own side knows them: their processes, their control connections, their state.

Everything here runs on the loop thread (`ds101.cluster.loop`).
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ds101.cluster.control import Channel
from ds101.errors import LaunchError, NodeError, Timeout, Unreachable
from ds101.node import Node
from ds101.processes import Process
from ds101.world.engine import Condition
from ds101.world.naming import crashed, paused

Address = tuple[str, int]
ANSWER_TIMEOUT = 1.0  # seconds; a node that is busy in an endless loop answers no command


@dataclass
class Member:
    """One node of the world, through all its lives."""

    id: str
    node_class: type[Node]
    process: Process
    life: int = 0
    port: int = 0
    channel: Channel | None = None
    paused: bool = False
    dead: bool = False
    begun: bool = False  # whether `start` has run
    error: NodeError | None = None
    hello: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    answers: dict[int, asyncio.Future[bytes]] = field(default_factory=dict)

    @property
    def state(self) -> Condition:
        """How it is now."""
        return "crashed" if self.dead else "paused" if self.paused else "running"

    @property
    def listens(self) -> bool:
        """Whether it can take a command now."""
        return not self.dead and not self.paused and self.channel is not None


class Members:
    """The nodes of one world. `report` is told of what they say unasked."""

    def __init__(self, report: Callable[[Member, str, list[Any]], None]) -> None:
        self.by_id: dict[str, Member] = {}
        self.token = secrets.token_hex(16)
        self._report = report
        self._numbers = itertools.count(1)
        self._server: asyncio.Server | None = None
        self._channels: set[Channel] = set()

    async def listen(self) -> Address:
        """Open the door at which node processes say hello."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._welcome, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        return host, port

    def _welcome(self) -> Channel:
        channel = Channel(self._hear, self._closed)
        self._channels.add(channel)
        return channel

    def _closed(self, channel: Channel) -> None:
        self._channels.discard(channel)

    def _hear(self, channel: Channel, frame: list[Any]) -> None:
        verb, *arguments = frame
        member: Member | None = channel.owner
        if verb == "hello":
            self._introduce(channel, *arguments)
        elif member is None:
            return  # somebody else's connection
        elif verb in ("answer", "refusal"):
            number, content = arguments
            answer = member.answers.pop(number, None)
            if answer is not None and not answer.done():
                answer.set_result(content) if verb == "answer" else answer.set_exception(NodeError(content))
        else:
            self._report(member, verb, arguments)

    def _introduce(self, channel: Channel, token: str, name: str, life: int, port: int, trouble: str) -> None:
        member = self.by_id.get(name)
        if token != self.token or member is None or member.life != life:
            if channel.transport is not None:
                channel.transport.abort()
            return
        channel.owner = member
        member.channel, member.port = channel, port
        if trouble and not member.hello.done():
            member.hello.set_exception(LaunchError(trouble))
            member.hello.exception()  # it may be that nobody waits
        elif not member.hello.done():
            member.hello.set_result(None)

    async def arrival(self, members: Iterable[Member], timeout: float) -> None:
        """Wait until these have said hello. Raises what keeps one from it."""
        for member in members:
            try:
                await asyncio.wait_for(member.hello, timeout)
            except TimeoutError:
                raise LaunchError(
                    f"{member.id} did not start within {timeout:g} s. Is the machine very busy?"
                ) from None

    async def ask(self, member: Member, verb: str, *arguments: Any, timeout: float = ANSWER_TIMEOUT) -> bytes:
        """A command and its answer.

        Raises `Unreachable` if the node is dead, and `Timeout` if it is paused or doesn't answer.
        """
        if member.dead or member.channel is None:
            raise crashed(member.id)
        if member.paused:
            raise paused(member.id)
        number = next(self._numbers)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        member.answers[number] = answer
        member.channel.say(verb, number, *arguments)
        try:
            return await asyncio.wait_for(answer, timeout)
        except TimeoutError:
            raise Timeout(
                f"{member.id} did not answer within {timeout:g} s. Is one of its handlers in a long loop?"
            ) from None
        finally:
            member.answers.pop(number, None)

    async def tell(
        self, members: Iterable[Member], verb: str, *arguments: Any, timeout: float = ANSWER_TIMEOUT
    ) -> None:
        """A command to several, done by all when this returns; those who can't now do it as soon as they can."""
        waited = [self.ask(one, verb, *arguments, timeout=timeout) for one in members if one.listens]
        for one in members:
            if one.paused and one.channel is not None:
                one.channel.say(verb, 0, *arguments)
        for result in await asyncio.gather(*waited, return_exceptions=True):
            if isinstance(result, BaseException) and not isinstance(result, Timeout | Unreachable):
                raise result

    def bury(self, member: Member, error: NodeError | None) -> None:
        """A node has died: whoever waits for it hears that."""
        member.dead, member.paused = True, False
        gone = error or crashed(member.id)
        if not member.hello.done():
            member.hello.set_exception(gone)
            member.hello.exception()  # it may be that nobody waits
        for answer in member.answers.values():
            if not answer.done():
                answer.set_exception(gone)
        if member.channel is not None and member.channel.transport is not None:
            member.channel.transport.abort()
        member.channel = None

    def close(self) -> None:
        """Close the door and all connections."""
        if self._server is not None:
            self._server.close()
        for channel in list(self._channels):
            if channel.transport is not None:
                channel.transport.abort()
