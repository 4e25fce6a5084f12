"""All the processes of a program, seen from outside: how many, and how much memory they use together."""

from __future__ import annotations

import os
import re
import select
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import psutil

PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True)
class Use:
    """What a tree uses at this moment. Threads count as processes, as they do for the system."""

    memory: int = 0
    tasks: int = 0


class Tree(Protocol):
    """A program and all that came of it."""

    def folders(self) -> list[str]:
        """The folder in /proc of each of its processes."""

    def kill(self) -> None:
        """Send SIGKILL to all of them."""

    def await_end(self, patience: float) -> None:
        """Wait until none of them is left, that many seconds at most."""


class Namespace:
    """All in a process namespace: they end with its first process, which is gone only once the others are."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.handle: int | None = None  # means this process even when another gets its number
        with suppress(OSError):
            self.handle = os.pidfd_open(first)

    def folders(self) -> list[str]:
        return in_namespace(self.first)

    def kill(self) -> None:
        if self.handle is not None:
            with suppress(OSError):
                signal.pidfd_send_signal(self.handle, signal.SIGKILL)

    def await_end(self, patience: float) -> None:
        if self.handle is not None:
            select.select([self.handle], [], [], patience)
            os.close(self.handle)
            self.handle = None


def in_namespace(first: int) -> list[str]:
    """The folders in /proc of every process in the namespace whose first process this is.

    The namespace's own /proc lists them, those whose parents are gone too. Where we may not look there, the children
    of the first are taken; all that lost their parent became its children.
    """
    place = os.path.join("/proc", str(first), "root", "proc")
    try:
        return [f"{place}/{name}" for name in os.listdir(place) if name.isdigit()]
    except OSError:
        with suppress(psutil.Error):
            process = psutil.Process(first)
            return [f"/proc/{one.pid}" for one in (process, *process.children(recursive=True))]
        return []


def use_of(folders: list[str], enough: int) -> Use:
    """Shared pages are told apart, which takes longer, only where counting them again and again makes too much."""
    rough = [found for folder in folders if (found := _rough(folder))]
    memory = sum(one.memory for one in rough)
    if memory > enough:
        memory = sum(_exact(folder) for folder in folders)
    return Use(memory, sum(one.tasks for one in rough))


def _rough(folder: str) -> Use | None:
    with suppress(OSError, IndexError, ValueError), open(f"{folder}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
        return Use(int(fields[21]) * PAGE, int(fields[17]))
    return None  # it has just ended


def _exact(folder: str) -> int:
    """Its pages, those shared with others divided by how many share them."""
    with suppress(OSError), open(f"{folder}/smaps_rollup", "rb") as file:
        if found := re.search(rb"^Pss:\s+(\d+) kB", file.read(), re.MULTILINE):
            return int(found[1]) * 1024
    found_again = _rough(folder)
    return found_again.memory if found_again else 0


def size_of(folder: str, enough: int) -> int:
    """Bytes on disk in a folder, an empty file taken for a page; counting ends once they are more than `enough`."""
    total = 0
    for size in _sizes(folder):
        total += size
        if total > enough:
            break
    return total


def _sizes(folder: str) -> Iterator[int]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                yield max(entry.stat(follow_symlinks=False).st_blocks * 512, 4096)
                if entry.is_dir(follow_symlinks=False):
                    yield from _sizes(entry.path)
