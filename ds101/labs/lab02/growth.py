"""How large a server's state is: it is asked by a message, as everything else."""

from __future__ import annotations

from typing import Any

import cloudpickle

from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.messages import Message
from ds101.node import Node, attributes_of, on
from ds101.trials import Run

MOST = 1.1  # times the state after 50 operations


class Measure(Message):
    """How large is your state?"""


class Measured(Message):
    """So many bytes: all attributes and all that is stored, encoded."""

    size: int


def measured(server: type[Node]) -> type[Node]:
    """The same server, which also tells how large it is."""

    @on(Measure)
    def measure(self: Any, _: Measure, sender: str) -> None:
        self.send(sender, Measured(len(cloudpickle.dumps((attributes_of(self), dict(self.storage))))))

    return type(server.__name__, (server,), {"_measure": measure, "__module__": server.__module__})


def stays_small(run: Run) -> Answer:
    """The state in the end is hardly larger than early on."""
    sizes = [one.reply.size for one in run.history if isinstance(one.reply, Measured)]
    if len(sizes) < 2:
        return inconclusive("The server could not be measured twice.")
    after_50, in_the_end = sizes
    if in_the_end > MOST * after_50:
        return broken(
            f"The server's state took {after_50:,} bytes after 50 operations, and {in_the_end:,} bytes after 1,000. "
            "There were two clients and five cards all the time."
        )
    done = sum(one.outcome == "ok" for one in run.history)
    return holds() if done > 900 else inconclusive(f"Only {done} of 1,000 operations were answered.")
