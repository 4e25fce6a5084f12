"""The first process of a sandbox: `python -m autograder.inside LISTENER LAB [alone] [node]`.

It never runs student code. For each connection on the socket with the number LISTENER it forks a process, which loads
the solution, answers, and ends when the judge hangs up. A new life begins in an empty sandbox: all other processes
are killed first, so that nothing of an earlier life is left to ask. That needs a process namespace of its own, which
`alone` asserts; without it, only those that answered are killed. `node`: it answers for one node, and needs no network.
Standard input has the solutions, by the names of their graded cells.
"""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import select
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from autograder.inside.answering import Answering
from autograder.inside.confined import confine, private
from autograder.inside.protocol import Frames, Hello, Question, unpack
from autograder.inside.solution import Solution


class Visitor(NamedTuple):
    """A connection, and the process that answers there. The file number of the latter tells of its end."""

    connection: socket.socket
    pid: int
    ending: int

    def end(self) -> None:
        """Hang up, and leave no process behind."""
        self.connection.close()
        os.close(self.ending)
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


class Door:
    """The listener, and everybody who came through it."""

    def __init__(
        self, listener: socket.socket, letter: Mapping[str, tuple[bytes, dict[str, str]]], *, alone: bool, node: bool
    ) -> None:
        self.listener, self.letter, self.alone, self.node = listener, letter, alone, node
        self.visitors: dict[int, Visitor] = {}  # by both file numbers
        self.poll = select.poll()
        self.poll.register(listener, select.POLLIN)

    def serve(self) -> None:
        """For ever: the sandbox is ended from outside."""
        while True:
            ready = [number for number, _ in self.poll.poll()]
            for number in ready:
                if number in self.visitors:
                    self._let_out(self.visitors[number])
            if self.listener.fileno() in ready:  # last: whoever comes in may get a number that has just become free
                self._let_in(self.listener.accept()[0])

    def _let_in(self, connection: socket.socket) -> None:
        frames = Frames(connection)
        hello = _hello(frames)
        if begins := hello.mode == "life":
            if self.alone:
                _kill_all()
            for visitor in list(self.visitors.values()):
                self._let_out(visitor)
        pid = self._forked(connection, frames, hello.solution, single=begins and self.node)
        visitor = Visitor(connection, pid, os.pidfd_open(pid))
        for number, event in ((connection.fileno(), select.POLLRDHUP), (visitor.ending, select.POLLIN)):
            self.visitors[number] = visitor
            self.poll.register(number, event)

    def _let_out(self, visitor: Visitor) -> None:
        for number in [number for number, one in self.visitors.items() if one is visitor]:
            self.poll.unregister(number)
            del self.visitors[number]
        if visitor.connection.fileno() >= 0:
            visitor.end()

    def _forked(self, connection: socket.socket, frames: Frames, solution: str, single: bool) -> int:
        door, pid = os.getpid(), os.fork()
        if pid:
            return pid
        try:
            self.listener.close()
            for other in self.visitors.values():
                other.connection.close()
            os.setpgid(0, 0)
            confine(door, lonely=self.node, single=single)
            Answering(connection, frames, lambda: Solution(*self.letter[solution])).serve()
        finally:
            os._exit(0)


def _hello(frames: Frames) -> Hello:
    try:
        hello = unpack(frames.next(), Question)
    except (EOFError, OSError):
        return Hello("calls")
    return hello if isinstance(hello, Hello) else Hello("calls")


def _kill_all() -> None:
    """Everything in this sandbox but this process and the one that waits for orphans."""
    if os.getppid() > 1:
        raise RuntimeError("this process has no process namespace of its own")
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)


def main(number: int, lab: str, *words: str) -> None:
    """Serve on the listener with this file number."""
    letter = pickle.loads(sys.stdin.buffer.read())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # the letter is a file, which would outlive who writes into it
    if "alone" in words:
        private()
    importlib.import_module(f"ds101.labs.{lab}")
    gc.freeze()
    Door(socket.socket(fileno=number), letter, alone="alone" in words, node="node" in words).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
