"""The walls of a sandbox, as bubblewrap is told them.

Inside there is a read-only system (`/usr` and the little of `/etc` that Python needs), this environment's Python,
what the caller gives, and an empty temporary directory that is also home: one tmpfs, so that its size bounds all of it.
There are no other processes, no network but a loopback of its own, no rights, and nobody's memory.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from autograder.jobs import Limits
from autograder.sandbox.identity import Identity

ROOT = Path(__file__).parents[2]  # the course: nothing of it is seen inside unless it is given
HOME = "/tmp/home"
SHARED = 16 << 20  # bytes of /dev/shm: semaphores
DEVICES = ("null", "full", "random", "urandom")
# Mapping /dev/zero makes memory that no process is seen to have; /dev/full reads the same, and can't be mapped.
ZERO = ("--dev-bind", "/dev/full", "/dev/zero")
NAMESPACES = ("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")
ENDS = ("--die-with-parent", "--new-session", "--hostname", "sandbox")  # a hostname needs the namespace above
SYSTEM = ("/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin")
ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "timezone", "fonts", "alternatives", "mime.types")
OTHERS = ("/usr/local/share/nbgrader", "/usr/src", os.environ.get("DS101_EXCHANGE", ""))


def walls(
    identity: Identity,
    *,
    folder: Path | None,
    readable: Sequence[tuple[Path, str]],
    limits: Limits,
    share_network: bool,
    writable_tmp: bool,
    stubs: Mapping[str, int],
) -> Iterator[str]:
    """What bubblewrap is told before the command. `stubs`: for paths inside, the descriptors of their content."""
    yield from NAMESPACES
    yield from ENDS
    yield from () if share_network else ("--unshare-net",)
    yield from rights(identity)
    yield from system()
    yield from ("--proc", "/proc", "--remount-ro", "/proc")  # who is root outside might write to /proc/sys
    yield from writable(limits) if writable_tmp else unwritable()
    yield from python()
    for path, descriptor in stubs.items():
        yield from ("--perms", "0444", "--ro-bind-data", str(descriptor), path)
    for source, inside in readable:
        yield from at(inside, "--ro-bind", str(source), inside)
    if folder is not None:
        yield from at(str(folder), "--bind", str(folder), str(folder))
    yield from ("--remount-ro", "/")
    yield from ("--chdir", str(folder) if folder else HOME if writable_tmp else "/")


def rights(identity: Identity) -> Iterator[str]:
    """None. Becoming someone takes three, which are given up on the way."""
    yield from ("--cap-drop", "ALL")
    if not identity.own:
        yield from ("--unshare-user", "--uid", str(identity.user), "--gid", str(identity.user))
        return
    for name in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
        yield from ("--cap-add", name)


def system() -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for path in SYSTEM:
        if os.path.islink(path):
            yield from ("--symlink", os.readlink(path), path)
        elif os.path.isdir(path):
            yield from ("--ro-bind", path, path)
    for name in ETC:
        if os.path.exists(path := f"/etc/{name}"):
            yield from at(path, "--ro-bind", os.path.realpath(path), path)
    for path in (*OTHERS, str(ROOT)):
        if path.startswith("/usr/") and os.path.isdir(path):
            yield from ("--perms", "0755", "--size", "4096", "--tmpfs", path)


def python() -> Iterator[str]:
    """This environment's Python where it is: the environment, what it was made from, and the links between them."""
    bound = [PurePosixPath("/usr")]
    for prefix in dict.fromkeys((sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix)):
        if not covered(prefix, bound):
            yield from at(prefix, "--ro-bind", prefix, prefix)
            bound.append(PurePosixPath(prefix))
    hop = sys.executable
    while os.path.islink(hop):
        target = os.readlink(hop)
        if not covered(hop, bound):
            yield from at(hop, "--symlink", target, hop)
        hop = os.path.normpath(os.path.join(os.path.dirname(hop), target))


def covered(path: str, bound: Sequence[PurePosixPath]) -> bool:
    """Whether what is bound has it already. Of `/usr` the course's own folder is hidden, and the environment in it."""
    inside = any(PurePosixPath(path).is_relative_to(one) for one in bound)
    return inside and not (str(ROOT).startswith("/usr/") and PurePosixPath(path).is_relative_to(ROOT))


def writable(limits: Limits) -> Iterator[str]:
    """All that can be written, with its size: temporary files, and the shared memory of semaphores."""
    yield from ("--dev", "/dev", *ZERO, "--remount-ro", "/dev")
    yield from ("--size", str(SHARED), "--perms", "1777", "--tmpfs", "/dev/shm")
    yield from ("--size", str(limits.disk), "--perms", "1777", "--tmpfs", "/tmp", "--perms", "0777", "--dir", HOME)


def unwritable() -> Iterator[str]:
    yield from ("--perms", "0755", "--dir", "/dev")
    for name in DEVICES:
        yield from ("--dev-bind", f"/dev/{name}", f"/dev/{name}")
    yield from ZERO
    yield from ("--perms", "0755", "--dir", "/tmp")


def at(path: str, *words: str) -> Iterator[str]:
    """Put something there: its parents must let everyone through."""
    for parent in reversed(PurePosixPath(path).parents):
        if str(parent) not in ("/", "/usr", "/tmp", "/dev"):
            yield from ("--perms", "0755", "--dir", str(parent))
    yield from words


def stubs(identity: Identity) -> dict[str, str]:
    """The files of `/etc` that tell of people and machines, with nobody in them."""
    user = identity.user
    return {
        "/etc/passwd": f"root:x:0:0::/:/bin/false\nstudent:x:{user}:{user}::{HOME}:/bin/sh\n",
        "/etc/group": f"root:x:0:\nstudent:x:{user}:\n",
        "/etc/hosts": "127.0.0.1 localhost sandbox\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }


def environment(given: Mapping[str, str], home: str = HOME) -> dict[str, str]:
    """A clean one. Libraries that make a thread for each core, or reserve memory for each thread, are told not to."""
    return {
        "PATH": os.pathsep.join((os.path.dirname(sys.executable), "/usr/local/bin", "/usr/bin", "/bin")),
        "HOME": home,
        "TMPDIR": os.path.dirname(home),
        "USER": "student",
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MALLOC_ARENA_MAX": "2",
        **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")},
        **given,
    }
