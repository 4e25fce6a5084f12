"""Jupyter kernels in a sandbox: what `kernel.json` calls `ds101-sandbox`.

The kernel speaks over sockets that are files in a private folder, since it has no network. It works in a copy of the
notebook's folder without notebooks, for a notebook that is being graded holds its hidden tests.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Int, Unicode

from autograder.jobs import Isolation, Limits
from autograder.sandbox.bubblewrap import ROOT
from autograder.sandbox.folders import Folder
from autograder.sandbox.started import Sandboxed, start

GIVEN = "/course/given"  # where the files of a submission are inside, before the kernel gets its copy
BEGIN = 'mkdir -p "$HOME/work" && cp -R "$1/." "$HOME/work" && cd "$HOME/work" && shift && exec "$@"'
LIMITS = Limits()


class SandboxProvisioner(LocalProvisioner):
    """Starts a kernel in a sandbox, and ends all that it started. Raises `NoSandbox` where there can't be one."""

    isolation = Unicode("bubblewrap", help="bubblewrap, container or none").tag(config=True)
    memory = Int(LIMITS.memory, help="bytes, of all its processes together").tag(config=True)
    processes = Int(LIMITS.processes, help="processes and threads").tag(config=True)
    file = Int(LIMITS.file, help="bytes, of one file that it writes").tag(config=True)
    disk = Int(LIMITS.disk, help="bytes, of all files together").tag(config=True)

    sandboxed: Sandboxed | None = None
    private: Folder | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Make the folders: `run` for the sockets, which both sides use, and `given`, which the kernel reads."""
        self._end()
        self.private = Folder()
        run, given = self.private.path / "run", self.private.path / "given"
        run.mkdir()
        given.mkdir()
        manager: Any = self.parent
        manager.transport, manager.ip = "ipc", str(run / "k")
        manager.connection_file = str(run / "c.json")
        kwargs["cwd"] = kwargs.get("cwd") or os.getcwd()
        copy_files(Path(kwargs["cwd"]), given, self.disk)
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        assert self.private is not None
        self.sandboxed = start(
            ["/bin/sh", "-c", BEGIN, "sh", GIVEN, *cmd],
            folder=self.private.path / "run",
            readable=[(ROOT / "ds101", "/course/ds101"), (self.private.path / "given", GIVEN)],
            environment={"PYTHONPATH": "/course", "DS101_GRADING": "1"},
            limits=Limits(memory=self.memory, processes=self.processes, file=self.file, disk=self.disk),
            isolation=cast(Isolation, self.isolation),
        )
        self.process = self.sandboxed.process
        self.pid, self.cwd = self.process.pid, kwargs["cwd"]
        return self.connection_info

    async def send_signal(self, signum: int) -> None:
        """A kernel is interrupted by message; a signal would reach the sandbox itself. To end is to end at once."""
        if self.sandboxed is not None and signum in (signal.SIGTERM, signal.SIGKILL):
            self.sandboxed.kill()

    async def kill(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGKILL)

    async def cleanup(self, restart: bool = False) -> None:
        self._end()

    def _end(self) -> None:
        if self.sandboxed is not None:
            self.sandboxed.kill()
        if self.private is not None:
            self.private.remove()
            self.private = None


def copy_files(source: Path, target: Path, most: int) -> None:
    """The files beside a notebook, without notebooks and links, until they are `most` bytes together."""
    left = most
    for path in _files(source):
        with suppress(OSError):
            left -= path.stat().st_size
            if left < 0:
                return
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy, follow_symlinks=False)


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".ipynb_checkpoints", "__pycache__")]
        for name in names:
            path = Path(place, name)
            if path.is_file() and not path.is_symlink() and path.suffix.lower() != ".ipynb":
                yield path
