"""A notebook in, the same notebook with what it printed out. What it does in between is its own business.

    ran = run_notebook(content, [("data.csv", b"1,2")], Limits(), "bubblewrap")
    ran.notebook, ran.notes      # notes: ("Cell 5 did not end after 60 s, and was interrupted.",)

A cell that raises doesn't stop the next; one that takes too long is interrupted, and where it won't be, the kernel is
killed. After that nothing more is run. Outputs are cut while they arrive.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import zmq.asyncio
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from traitlets.config import Config

from autograder.jobs import Isolation, Limits
from autograder.sandbox.bubblewrap import ROOT
from autograder.sandbox.client import Cell, Client
from autograder.sandbox.errors import NoSandbox
from autograder.sandbox.folders import Folder
from autograder.sandbox.mending import mended, shortened, whole
from autograder.sandbox.provisioner import SandboxProvisioner

GRACE = 20.0  # seconds for an interrupted cell to end
STARTUP = 60  # seconds for a kernel to answer; it takes less than one
LONGEST_MESSAGE = 8 << 20  # bytes: a kernel that sends more is not heard
WAITING_MESSAGES = 64
ALL_OUTPUT = 5 << 20  # bytes, of all cells together


@dataclass(frozen=True)
class Ran:
    """A notebook as it was run, and what should be known of that: whole sentences."""

    notebook: NotebookNode
    notes: tuple[str, ...]


def run_notebook(
    notebook: bytes, files: Sequence[tuple[str, bytes]], limits: Limits, isolation: Isolation = "bubblewrap"
) -> Ran:
    """Run all its cells in a kernel of their own. Works in any thread, also in one whose event loop runs.

    Raises `NoSandbox` where this machine can't isolate like that, and nothing for what a notebook is or does.
    """
    readable, notes = mended(notebook)
    if any(cell.cell_type == "code" for cell in readable.cells):
        folder = Folder()
        try:
            _write(files, folder.path)
            notes += _in_any_thread(Run(readable, folder.path, limits, isolation))
            notes += shortened(readable, ALL_OUTPUT)
        finally:
            folder.remove()
    return Ran(readable, tuple(notes))


def _in_any_thread(run: Run) -> list[str]:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(run.all_cells())
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run.all_cells()).result()


def _write(files: Sequence[tuple[str, bytes]], folder: Path) -> None:
    """Below this folder and nowhere else, whatever their names are."""
    for name, content in files:
        path = folder / name
        if ".." not in path.parts and path.is_relative_to(folder):
            with suppress(OSError, ValueError):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)


class Run:
    """One kernel, and the cells that it is given."""

    def __init__(self, notebook: NotebookNode, folder: Path, limits: Limits, isolation: Isolation) -> None:
        self.notebook, self.folder, self.limits, self.isolation = notebook, folder, limits, isolation
        self.notes: list[str] = []
        self.deadline = time.monotonic() + limits.notebook
        self.reason = ""  # why we killed the kernel: "did not end after 60 s, nor when it was interrupted"

    async def all_cells(self) -> list[str]:
        """Run them, and return the notes. The kernel is gone afterwards, whatever happened."""
        context = zmq.asyncio.Context()
        context.setsockopt(zmq.MAXMSGSIZE, LONGEST_MESSAGE)
        context.setsockopt(zmq.RCVHWM, WAITING_MESSAGES)
        context.setsockopt(zmq.LINGER, 0)
        self.manager = _manager(context, self.limits, self.isolation)
        self.client = Client(self.notebook, self.manager, self.limits.output)
        try:
            if await self._begun():
                await self._each_cell()
        finally:
            with suppress(Exception):
                if self.client.kc is not None:
                    self.client.kc.stop_channels()
            with suppress(Exception):
                await self.manager.shutdown_kernel(now=True)
            with suppress(Exception):
                await self.manager.cleanup_resources()
            context.destroy(linger=0)
        return self.notes

    async def _begun(self) -> bool:
        """Whether the kernel answers."""
        try:
            await self.manager.start_kernel(cwd=str(self.folder))
            self.client.kc = self.manager.client()
            self.client.kc.start_channels()
            await self.client.kc.wait_for_ready(timeout=STARTUP)
            self.client.kc.allow_stdin = False
        except NoSandbox:
            raise
        except Exception as error:
            self.notes.append(f"No cell was run: the kernel did not start ({error}).")
            return False
        return True

    async def _each_cell(self) -> None:
        for number, cell in enumerate(self.notebook.cells, 1):
            if cell.cell_type == "code" and cell.source.strip() and not await self._one_cell(number, cell):
                return

    async def _one_cell(self, number: int, cell: NotebookNode) -> bool:
        """Run it. Whether the kernel can go on."""
        self.keepers = [asyncio.create_task(self._keep_time(number))]
        try:
            self.client.output_of = Cell(self.limits.output, lambda: self._too_much(number))
            await self.client.async_execute_cell(cell, number - 1)
        except DeadKernelError:
            self._died(number)
        except Exception as error:  # what no kernel sends: the student's code speaks in its place
            self.reason = self.reason or f"answered as no kernel does ({type(error).__name__})"
            self._died(number)
        else:
            self.notes += self.client.output_of.notes(number)
            return True
        finally:
            for keeper in self.keepers:
                keeper.cancel()
            whole(cell, self.limits.output)
        return False

    async def _keep_time(self, number: int) -> None:
        """Interrupt the cell when its time is over, or that of the notebook, then kill the kernel."""
        left = self.deadline - time.monotonic()
        await asyncio.sleep(max(0.0, min(self.limits.cell, left)))
        over = (
            f"{self.limits.cell:g} s" if left > self.limits.cell else f"the {self.limits.notebook:g} s of the notebook"
        )
        if left <= self.limits.cell:
            await self._kill(f"did not end after {over}")
        else:
            self.notes.append(f"Cell {number} did not end after {over}, and was interrupted.")
            await self._stop(f"did not end after {over}, nor when it was interrupted")

    def _too_much(self, number: int) -> None:
        self.notes.append(f"Cell {number} printed without end, and was interrupted.")
        self.keepers.append(asyncio.create_task(self._stop("printed without end, also when it was interrupted")))

    async def _stop(self, reason: str) -> None:
        with suppress(Exception):
            await self.manager.interrupt_kernel()
        await asyncio.sleep(GRACE)
        await self._kill(reason)

    async def _kill(self, reason: str) -> None:
        self.reason = self.reason or reason
        await self._provisioner.kill()

    @property
    def _provisioner(self) -> SandboxProvisioner:
        assert isinstance(self.manager.provisioner, SandboxProvisioner)
        return self.manager.provisioner

    def _died(self, number: int) -> None:
        sandboxed = self._provisioner.sandboxed
        assert sandboxed is not None
        reason = sandboxed.ended_by or self.reason or f"ended it (exit status {sandboxed.process.poll()})"
        self.notes.append(f"The kernel died in cell {number}, which {reason}; what comes after it was not run.")


def _manager(context: zmq.asyncio.Context, limits: Limits, isolation: Isolation) -> AsyncKernelManager:
    given = {"memory": limits.memory, "processes": limits.processes, "file": limits.file, "disk": limits.disk}
    return AsyncKernelManager(
        context=context,
        kernel_name="ds101-graded",
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(ROOT / "autograder" / "kernels")]),
        config=Config({"SandboxProvisioner": {**given, "isolation": isolation}}),
        log=logging.getLogger("autograder.sandbox"),
    )
