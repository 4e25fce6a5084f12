"""What can go wrong with a sandbox, before it runs anything, and with what runs beside it."""

from __future__ import annotations

from ds101.errors import Ds101Error


class NoSandbox(Ds101Error, RuntimeError):
    """This machine can't build the sandbox that was asked for: why, and what to do about it."""


class Lost(Ds101Error, RuntimeError):
    """A job came to no end: it took too long, or its process was killed."""
