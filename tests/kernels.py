"""A notebook without a browser: cells run in a real kernel, and what each of them shows is kept apart."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

import psutil
from jupyter_client.manager import KernelManager
from survivors import PATIENCE, eventually, is_there, refuses, survivors

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Failure:
    """The exception that ended a cell, as the notebook shows it."""

    name: str
    value: str
    traceback: list[str]


@dataclass
class Cell:
    """A cell that was run, and what stands under it."""

    number: int = 0
    """As in `In [3]`."""
    stdout: str = ""
    stderr: str = ""
    result: str | None = None
    failure: Failure | None = None
    busy: bool = True


class Notebook:
    """A kernel of its own, with a private folder for temporary files."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.temporary = folder, folder / "tmp"
        self.temporary.mkdir(parents=True)
        environment = {"TMPDIR": str(self.temporary), "IPYTHONDIR": str(folder / "ipython")}
        self.cells: dict[str, Cell] = {}
        self.manager = KernelManager(kernel_name="python3", connection_file=str(folder / "connection.json"))
        self.manager.start_kernel(
            env=os.environ | environment, cwd=str(folder), extra_arguments=["--IPKernelApp.log_level=40"]
        )
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self._wait()

    def _wait(self) -> None:
        """Until the kernel answers, and its outputs are heard too.

        That connection is made by itself, on a busy machine later than the one for answers, and what a kernel shows
        before then is lost.
        """
        self.client.wait_for_ready(PATIENCE)
        assert eventually(self._is_heard)

    def _is_heard(self) -> bool:
        question = self.client.kernel_info()
        try:
            while self.client.get_iopub_msg(timeout=0.2)["parent_header"].get("msg_id") != question:
                pass
        except Empty:
            return False
        return True

    def run(self, source: str) -> Cell:
        """Run a cell that must neither fail nor complain."""
        cell = self.finish(self.begin(source))
        assert cell.failure is None, "\n".join(cell.failure.traceback)
        assert cell.stderr == ""
        return cell

    def fail(self, source: str) -> Failure:
        """Run a cell that must fail."""
        return self.failed(self.begin(source))

    def failed(self, cell: Cell) -> Failure:
        """Wait until a cell has ended that must fail."""
        self.finish(cell)
        assert cell.failure is not None
        assert cell.stderr == ""
        return cell.failure

    def begin(self, source: str) -> Cell:
        """Let a cell run, and wait for nothing."""
        return self.cells.setdefault(self.client.execute(source), Cell())

    def finish(self, cell: Cell) -> Cell:
        """Wait until the cell has ended."""
        return self.hear_until(cell, lambda: not cell.busy)

    def hear_until(self, cell: Cell, condition: Callable[[], object]) -> Cell:
        """Put what the kernel shows under the cell that it names, until the condition is true."""
        while not condition():
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            owner = self.cells.setdefault(message["parent_header"].get("msg_id", ""), Cell())
            self._show(owner, message["header"]["msg_type"], message["content"])
        return cell

    def _show(self, cell: Cell, kind: str, content: dict) -> None:
        if kind == "stream" and content["name"] == "stdout":
            cell.stdout += content["text"]
        elif kind == "stream":
            cell.stderr += content["text"]
        elif kind == "execute_input":
            cell.number = content["execution_count"]
        elif kind == "execute_result":
            cell.result = content["data"]["text/plain"]
        elif kind == "error":
            lines = "\n".join(COLOURS.sub("", part) for part in content["traceback"]).splitlines()
            cell.failure = Failure(content["ename"], content["evalue"], lines)
        elif kind == "status" and content["execution_state"] == "idle":
            cell.busy = False

    def interrupt(self, cell: Cell) -> None:
        """What the square button does, while this cell runs."""
        assert cell.busy
        self.manager.interrupt_kernel()
        assert self.failed(cell).name == "KeyboardInterrupt"

    def restart(self) -> None:
        """A new kernel in place of this one."""
        self.manager.restart_kernel()
        self._wait()

    @property
    def process(self) -> psutil.Process:
        """The kernel's own process."""
        return psutil.Process(self.manager.provisioner.pid)

    def ports(self) -> set[int]:
        """Where the kernel and all that it started listen."""
        everybody = [self.process, *self.process.children(recursive=True)]
        return {
            link.laddr.port
            for process in everybody
            for link in _connections(process)
            if link.status == psutil.CONN_LISTEN
        }

    def close(self) -> None:
        """End the kernel, if it has not ended."""
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)


def _connections(process: psutil.Process) -> Any:
    """The TCP connections of a process; none if it has just ended."""
    try:
        return process.net_connections("tcp")
    except psutil.NoSuchProcess:
        return []


@contextmanager
def notebook_in(folder: Path) -> Iterator[Notebook]:
    notebook = Notebook(folder)
    try:
        yield notebook
    finally:
        notebook.close()


class Remains:
    """What a world with so many nodes, and what the kernel itself, must not leave behind.

    Made while they are there; `own_ports` are those that the kernel had before.
    """

    def __init__(self, notebook: Notebook, own_ports: set[int], nodes: int) -> None:
        self.temporary = notebook.temporary
        self.kernel, self.started = notebook.process, notebook.process.children(recursive=True)
        self.nodes = [process for process in self.started if is_there(process) and process.ppid() != self.kernel.pid]
        assert len(self.nodes) == nodes
        self.ports = notebook.ports() - own_ports
        assert len(self.ports) > nodes

    def assert_world_is_gone(self) -> None:
        assert survivors(self.nodes) == []
        assert eventually(lambda: all(map(refuses, self.ports)))
        assert list(self.temporary.iterdir()) == []

    def assert_all_is_gone(self) -> None:
        assert survivors([self.kernel, *self.started]) == []
        self.assert_world_is_gone()
