"""The supervisor: a fresh, single-threaded process that forks the others and buries them.

It is run by module name (`python -m ds101.processes.supervisor PORT KERNEL_PID`), so that nothing of the caller's
is imported or inherited: forking a notebook's kernel would copy its threads and its sockets. It
waits for commands from its kernel and for the ends of its children. When the kernel is gone, however
it went, the connection closes, and the supervisor kills what is left with SIGKILL, which a stopped process and
an endless loop can't refuse.

A disk is an unnamed file that outlives the process that writes to it, and nothing else: the
supervisor keeps it open, and the operating system deletes it with the last process that has it.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import socket
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge, wait
from typing import IO, Any

# Imported here once, so that every process that is forked from here has them at once.
from ds101.processes import output
from ds101.processes.child import run_child
from ds101.processes.link import connection_over

START_METHOD = os.environ.get("DS101_START_METHOD") or ("fork" if hasattr(os, "fork") else "spawn")

PIPE = 1 << 16  # bytes: the most that a pipe holds
GRACE = 1.0  # seconds between the end of a child's output and its own end, at the most
MOST_LAST_MESSAGES = 1 << 14  # more than a pipe holds; children of the child may go on printing for ever


@dataclass
class Child:
    """A running process: its number in the kernel's books, the end of the pipe that it prints to, and its own end."""

    key: int
    process: Any
    output: Connection
    end: list[int]
    """What becomes readable when it ends; nothing where the system has no such thing."""
    silent: bool = False
    """Nobody can print to its pipe any more."""


class Supervisor:
    """Starts, watches and ends processes on behalf of one kernel."""

    def __init__(self, kernel: Connection, kernel_pid: int) -> None:
        self.kernel = kernel
        self.kernel_gone = _exit_of(kernel_pid)
        self.context: Any = multiprocessing.get_context(START_METHOD)
        self.children: dict[int, Child] = {}
        self.disks: dict[str, IO[bytes]] = {}

    def run(self) -> None:
        """Serve until the kernel is gone, then leave nothing behind."""
        try:
            while self._step():
                pass
        except (EOFError, OSError):
            pass
        finally:
            self._bury_all()

    def _step(self) -> bool:
        outputs = {child.output: child for child in self.children.values() if not child.silent}
        ends = {end: child for child in self.children.values() for end in child.end}
        ready = set(wait([self.kernel, *self.kernel_gone, *outputs, *ends]))
        if any(source in ready for source in self.kernel_gone):
            return False
        for source, child in outputs.items():
            if source in ready:
                self._hear(child)
        for end, child in ends.items():
            if end in ready:
                self._bury(child)
        if self.kernel in ready:
            verb, *arguments = self.kernel.recv()
            getattr(self, f"_do_{verb}")(*arguments)
        return True

    def _do_spawn(self, key: int, title: str, payload: bytes, disk: str | None) -> None:
        try:
            self.children[key] = self._start(key, title, payload, disk)
        except OSError as error:  # too many processes, or too many open files
            self.kernel.send(("refused", key, str(error)))

    def _start(self, key: int, title: str, payload: bytes, disk: str | None) -> Child:
        storage = self._disk(disk) if disk else None
        receiving, sending = self.context.Pipe(duplex=False)
        process = self.context.Process(
            target=run_child, args=(title, payload, sending, storage, START_METHOD), name=title
        )
        with sending:
            try:
                process.start()
            except OSError:
                receiving.close()
                raise
        return Child(key, process, receiving, _exit_of(process.pid))

    def _do_preload(self, module: str) -> None:
        """Import a module of ours once, so that every process forked from now on has it."""
        if START_METHOD == "fork":
            importlib.import_module(module)

    def _do_forget_disks(self, prefix: str) -> None:
        for name in [name for name in self.disks if name.startswith(prefix)]:
            self._close_disk(self.disks.pop(name))

    def _disk(self, name: str) -> int | str:
        """A file descriptor where it can be inherited, otherwise the path of a named file."""
        if name not in self.disks:
            anonymous = START_METHOD == "fork"
            self.disks[name] = (
                tempfile.TemporaryFile() if anonymous else tempfile.NamedTemporaryFile(prefix="ds101-", delete=False)
            )
        disk = self.disks[name]
        return disk.fileno() if START_METHOD == "fork" else disk.name

    def _close_disk(self, disk: IO[bytes]) -> None:
        disk.close()
        if START_METHOD != "fork":
            with suppress(OSError):
                os.unlink(disk.name)

    def _do_catch_up(self, key: int) -> None:
        """Says so when all that children had printed when they were asked for it is on its way."""
        for child in list(self.children.values()):
            heard = 0
            while heard <= PIPE and not child.silent and child.output.poll():
                heard += self._hear(child)
        self.kernel.send(("caught_up", key, None))

    def _hear(self, child: Child) -> int:
        """Passes on what a child printed; its first word is that it is ready. Returns the number of bytes."""
        try:
            data = child.output.recv_bytes()
        except (EOFError, OSError):
            child.silent = True
            if not child.end:
                self._bury(child)
            return 0
        else:
            started = data == output.READY
            self.kernel.send(("started", child.key, child.process.pid) if started else ("output", child.key, data))
            return len(data)

    def _bury(self, child: Child) -> None:
        """Reaps a child that has ended, or, where only its silence can be seen, is about to."""
        for _ in range(MOST_LAST_MESSAGES):
            if child.silent or not child.output.poll():
                break
            self._hear(child)
        child.process.join(GRACE)
        child.process.kill()
        child.process.join()
        code = child.process.exitcode
        child.process.close()
        child.output.close()
        for end in child.end:
            os.close(end)
        del self.children[child.key]
        self.kernel.send(("exited", child.key, code))

    def _bury_all(self) -> None:
        for child in self.children.values():
            child.process.kill()
        for child in self.children.values():
            child.process.join()
        for disk in self.disks.values():
            self._close_disk(disk)


def _exit_of(pid: int) -> list[int]:
    """What becomes readable when that process ends, in case somebody else holds its socket open."""
    try:
        return [os.pidfd_open(pid)]
    except (AttributeError, OSError):  # not Linux, or an old one: the closing of the connection has to do
        return []


def main() -> None:
    port, kernel_pid = int(sys.argv[1]), int(sys.argv[2])
    key = bytes.fromhex(sys.stdin.readline())
    with connection_over(socket.create_connection(("127.0.0.1", port))) as kernel:
        answer_challenge(kernel, key)
        deliver_challenge(kernel, key)
        Supervisor(kernel, kernel_pid).run()


if __name__ == "__main__":
    main()
