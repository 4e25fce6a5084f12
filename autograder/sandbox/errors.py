"""What can go wrong with a sandbox, before it runs anything."""

from __future__ import annotations

from ds101.errors import Ds101Error


class NoSandbox(Ds101Error, RuntimeError):
    """This machine can't build the sandbox that was asked for: why, and what to do about it."""
