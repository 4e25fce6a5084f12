"""The reply that nobody knows."""

from __future__ import annotations

from typing import Any, Final

from ds101.errors import Inconclusive


class Unknown:
    """Equal to everything, and so is each of its fields: any reply may have been sent.

    >>> UNKNOWN == 3, UNKNOWN.value != 3
    (True, False)
    >>> bool(UNKNOWN.granted)
    Traceback (most recent call last):
        ...
    ds101.errors.Inconclusive: Nobody knows this reply, so it is neither true nor false. Write  reply == True  instead.
    """

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0x0F0E0D0C0B0A

    def __getattr__(self, name: str) -> Unknown:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __bool__(self) -> bool:
        raise Inconclusive("Nobody knows this reply, so it is neither true nor false. Write  reply == True  instead.")

    def __repr__(self) -> str:
        return "?"

    def __reduce__(self) -> Any:
        return "UNKNOWN"  # there is one


UNKNOWN: Final = Unknown()
