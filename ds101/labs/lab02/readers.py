"""A passenger stands in front of the reader: for the explorer, whose network may bring any message twice.

The system model has no faults between passenger and client. So each charge is heard once.
"""

from __future__ import annotations

from typing import Any

from ds101.labs.lab02.given import Charge
from ds101.node import Node, handler_for


def hearing_once(client: type[Node]) -> type[Node]:
    """The same client, which does not hear a passenger's charge again. The calls of one passenger are numbered."""
    name = handler_for(client, Charge)
    if name is None:
        return client  # it can't be asked for anything, and is told so

    def start(self: Any) -> None:
        client.start(self)
        self._heard = 0

    def hear(self: Any, charge: Charge, passenger: str) -> None:
        number = int(passenger.rpartition(".")[2])
        if number > self._heard:
            self._heard = number
            getattr(client, name)(self, charge, passenger)

    return type(client.__name__, (client,), {"start": start, name: hear, "__module__": client.__module__})
