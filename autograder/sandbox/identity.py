"""Who a sandboxed program is, and what each of its processes may use.

Root ignores limits on the number of processes. So a sandbox that root starts runs as a user of its own, whom nobody
else is: then the limit counts this sandbox alone. Where we aren't root the sandbox is its own user namespace, in which
Linux 5.14 and later counts apart; an older one counts all processes of ours, so there the watchdog counts instead.
"""

from __future__ import annotations

import os
import platform
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.jobs import Limits

STRANGERS = range(0x7000_0000, 0x8000_0000)  # nobody hands out these: systemd's documentation lists them as unused
STUDENT = 1000  # in a user namespace; outside it is us
APART = (5, 14)  # the first Linux that counts a user namespace's processes apart
OPEN_FILES = 1024
OURS = 2  # processes in a sandbox that are not the program's: bubblewrap's first, and one that just ends


@dataclass(frozen=True)
class Identity:
    """The user inside. `own`: no one else on this machine has that number, and no user namespace is needed."""

    user: int
    own: bool

    @property
    def counted_apart(self) -> bool:
        """Whether a limit on its processes counts no others."""
        return self.own or (hasattr(os, "geteuid") and os.geteuid() != 0 and linux() >= APART)


def identities() -> Iterator[Identity]:
    """The best first: a user of its own, where we may make one."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and _may_be_anyone():
        yield Identity(secrets.choice(STRANGERS), own=True)
    yield Identity(STUDENT, own=False)


def linux() -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", platform.release())
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _may_be_anyone() -> bool:
    """Whether the numbers of strangers mean something here: in a user namespace they often don't."""
    try:
        lines = Path("/proc/self/uid_map").read_text().splitlines()
    except OSError:
        return False
    spans = [[int(number) for number in line.split()] for line in lines]
    return any(first <= STRANGERS[0] and STRANGERS[-1] < first + length for first, _, length in spans)


def become(identity: Identity) -> list[str]:
    """The words before a command that make it run as this user, for good."""
    if not identity.own:
        return []
    return [
        *("setpriv", f"--reuid={identity.user}", f"--regid={identity.user}", "--clear-groups"),
        *("--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"),
    ]


def limited(limits: Limits, identity: Identity) -> list[str]:
    """The words before a command that limit each of its processes. One process may have all the memory of the tree."""
    processes = [f"--nproc={limits.processes}"] if identity.counted_apart else []
    return [
        *("prlimit", f"--as={limits.memory}", f"--fsize={limits.file}", f"--nofile={OPEN_FILES}"),
        *("--core=0", "--msgqueue=0", "--memlock=65536", *processes, "--"),
    ]
