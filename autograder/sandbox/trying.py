"""Whether this machine can build the sandbox: it is really tried, once, and a failure is told with what to do."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from autograder.jobs import Limits
from autograder.sandbox.bubblewrap import environment, walls
from autograder.sandbox.errors import NoSandbox
from autograder.sandbox.identity import Identity, become, identities, limited

WEAKER = "Or name a weaker isolation, where you trust the submissions: see autograder/README.md."
PATIENCE = 30.0  # seconds for a first try; it takes a few hundredths of one


def why_not() -> str:
    """Why bubblewrap can't isolate here, as sentences that say what to do. Empty if it can."""
    return _tried()[1]


def usable() -> Identity:
    """Who the next sandboxed program is. Raises `NoSandbox` where there can't be any."""
    own, reason = _tried()
    if reason:
        raise NoSandbox(reason)
    return next(one for one in identities() if one.own == own)


@functools.cache
def _tried() -> tuple[bool, str]:
    """Whether sandboxes have users of their own, and why there are none."""
    if not shutil.which("bwrap"):
        return False, f"{_missing()} {WEAKER}"
    said = ""
    for one in identities():
        said = _said(one)
        if not said:
            return one.own, ""
    return False, f"bubblewrap can't build a sandbox here ({said}). {_advice(said)} {WEAKER}"


def _said(user: Identity) -> str:
    """What bubblewrap complains about, its last line. Empty if a Python ran."""
    limits = Limits()
    options = walls(user, folder=None, readable=(), limits=limits, share_network=False, writable_tmp=True, stubs={})
    command = [*become(user), *limited(limits, user), sys.executable, "-I", "-S", "-c", ""]
    try:
        ran = subprocess.run(
            [shutil.which("bwrap") or "bwrap", *options, "--", *command], env=environment({}), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if ran.returncode == 0 else (ran.stderr.strip().splitlines() or [f"exit status {ran.returncode}"])[-1]


def _missing() -> str:
    if sys.platform != "linux":
        return "The sandbox needs Linux: grade on a Linux machine, in a virtual machine or in WSL 2."
    if shutil.which("apt-get"):
        return "bubblewrap is not installed: get it with  sudo apt-get install bubblewrap."
    return "bubblewrap is not installed: get it from your distribution (its package is called bubblewrap)."


def _advice(said: str) -> str:
    """What forbids it, as far as the system tells."""
    if "Unknown option" in said:
        return "This bubblewrap is too old: version 0.6 or later is needed, as in Debian 12 or Ubuntu 22.04."
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (
            "Ubuntu allows user namespaces only to programs with an AppArmor profile: give bubblewrap one with  "
            "sudo apt-get install apparmor-profiles && cd /etc/apparmor.d && "
            "sudo cp /usr/share/apparmor/extra-profiles/bwrap-userns-restrict . && "
            "sudo apparmor_parser -r bwrap-userns-restrict."
        )
    if _setting("kernel/unprivileged_userns_clone") == "0":
        return "User namespaces are switched off: allow them with  sudo sysctl -w kernel.unprivileged_userns_clone=1."
    if _setting("user/max_user_namespaces") == "0":
        return "User namespaces are switched off: allow them with  sudo sysctl -w user.max_user_namespaces=10000."
    if in_container():
        return (
            "This is a container that may not build namespaces: start it with  --security-opt seccomp=unconfined "
            "--security-opt apparmor=unconfined --security-opt systempaths=unconfined."
        )
    return "User namespaces seem to be forbidden: ask who administers this machine."


def in_container() -> bool:
    """As far as one can tell from inside."""
    return any(os.path.exists(path) for path in ("/.dockerenv", "/run/.containerenv")) or "container" in os.environ


def _setting(name: str) -> str:
    with suppress(OSError):
        return Path("/proc/sys", name).read_text().strip()
    return ""
