"""What this machine can do for grading, and how to get the rest: the text of `ds101 doctor`."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, entry_points, version

import psutil

from autograder.jobs import Limits
from autograder.sandbox import cgroups, seccomp
from autograder.sandbox.bubblewrap import ROOT
from autograder.sandbox.folders import SHORT
from autograder.sandbox.identity import APART, linux
from autograder.sandbox.trying import in_container, usable, why_not
from autograder.sandbox.watchdog import size

PACKAGES = ("nbgrader", "nbclient", "jupyter-client", "nh3", "distributed")
OPEN_FILES = 1024
DELEGATED = "systemd-run --user --scope -p Delegate=yes ds101 grade LAB"


def report() -> Iterator[tuple[bool, str]]:
    """What was found, a sentence each, and whether that is as it should be. What isn't says what to do."""
    yield _sandbox()
    if not why_not():
        yield from _walls()
    yield from _room()
    for name in PACKAGES:
        yield _package(name)
    yield _kernel()


def _sandbox() -> tuple[bool, str]:
    reason = why_not()
    where = " (this is a container)" if in_container() else ""
    if reason:
        return False, f"No sandbox{where}: {reason}"
    return True, f"Submissions run in a sandbox: {_version_of_bubblewrap()} on Linux {platform.release()}{where}."


def _version_of_bubblewrap() -> str:
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(
            ["bwrap", "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout.strip()
    return "bubblewrap"


def _walls() -> Iterator[tuple[bool, str]]:
    user = usable()
    if user.own:
        yield True, "Each sandbox has a user of its own, so that the system counts its processes."
    elif user.counted_apart:
        yield True, "Each sandbox is a user namespace of its own, so that the system counts its processes."
    elif os.geteuid() == 0:
        yield (
            False,
            "The system doesn't count the processes of a root in a container; the watchdog does. Better: no root.",
        )
    else:
        yield (
            False,
            f"Linux before {APART[0]}.{APART[1]} (here {'.'.join(map(str, linux()))}): the watchdog counts processes.",
        )
    if seccomp.program():
        yield True, "Calls that no lab needs are refused by a filter (seccomp)."
    else:
        yield False, f"There is no filter of system calls for {platform.machine()}: grade on x86_64 or aarch64."
    found = None
    with suppress(OSError):
        found = cgroups.ours()
    if found:
        yield True, f"The system itself keeps memory limits (cgroup {found})."
    else:
        yield (
            True,  # nothing has to be done
            (
                "A watchdog keeps memory limits, and may be a few percent late: there is no delegated cgroup v2. "
                f"Where systemd runs, the system keeps them after  {DELEGATED}"
            ),
        )


def _room() -> Iterator[tuple[bool, str]]:
    limits = Limits()
    memory, cores = psutil.virtual_memory().available, os.cpu_count() or 1
    at_once = memory // limits.memory
    enough = at_once >= cores
    advice = "" if enough else f" Run at most {max(1, at_once)} workers, or close some programs."
    yield (
        enough,
        f"{size(memory)} of memory are free, enough for {at_once} submissions at once on {cores} cores.{advice}",
    )
    free = shutil.disk_usage(SHORT if os.path.isdir(SHORT) else ROOT).free
    yield free > 1 << 30, f"{size(free)} are free for temporary files." + ("" if free > 1 << 30 else " Make some room.")
    with suppress(ImportError):
        import resource

        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        enough = files < 0 or files >= OPEN_FILES
        yield (
            enough,
            f"{files} files may be open at once." + ("" if enough else f" Raise that with  ulimit -n {OPEN_FILES}"),
        )


def _package(name: str) -> tuple[bool, str]:
    try:
        return True, f"{name} {version(name)} is installed."
    except PackageNotFoundError:
        return False, f"{name} is missing: run  make install  in the clone."


def _kernel() -> tuple[bool, str]:
    known = entry_points(group="jupyter_client.kernel_provisioners", name="ds101-sandbox")
    if known:
        return True, "nbgrader's own commands run submissions in the sandbox too (kernel ds101-graded)."
    return False, "Jupyter doesn't know the sandbox (ds101-sandbox): run  make install  in the clone again."
