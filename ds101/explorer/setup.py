"""Who takes part in a search and over which network: what a search and its replays have in common."""

from __future__ import annotations

from typing import Any

from ds101.explorer.budgets import UNLIMITED, Budgets
from ds101.explorer.networks import check_network
from ds101.explorer.queuespace import QueueSpace
from ds101.explorer.result import Reached
from ds101.explorer.schedule import replayed
from ds101.explorer.setspace import SetSpace
from ds101.explorer.space import Needs, Space
from ds101.explorer.telling import trace_of
from ds101.explorer.view import Glass, View
from ds101.node import Node


class Setup:
    """Who takes part in a search, and over which network."""

    def __init__(self, classes: dict[str, type[Node]], clients: dict[str, Any], network: str) -> None:
        check_network(network)
        self.classes, self.clients, self.network = classes, clients, network

    def space(self, budgets: Budgets, needs: Needs, schedule: str = "") -> Space:
        """The states and moves; a schedule that leads to the beginning may have crashes that the budgets have not."""
        crashing = budgets.allows("crashes") or ".crash" in schedule or "@" in schedule
        if self.network == "set":
            return SetSpace(self.classes, self.clients, budgets, needs, crashing)
        return QueueSpace(self.classes, self.clients, budgets, needs, crashing, in_order=self.network == "fifo")

    def reached(self, name: str, sentence: str, schedule: str) -> Reached:
        """Where a schedule leads, with all that a view can show."""
        ordered = Needs(sent=True, history=True, order=True)
        space = self.space(UNLIMITED, ordered, schedule)
        run = replayed(space, schedule)
        begun = sum(step.kind == "start" and not step.error for _, step, _ in run)
        view = View(Glass(space), run[-1][2] if run else space.blank())
        trace = trace_of(space, run)
        return Reached(name, sentence, len(run) - begun, schedule, trace, view, self._call(schedule))

    def _call(self, schedule: str) -> str:
        """What to write to see it again."""
        classes = list(self.classes.values())
        named = ", ".join(f"{name!r}: {node.__name__}" for name, node in self.classes.items())
        usual = [f"n{number}" for number in range(1, len(classes) + 1)]
        alike = len(set(classes)) == 1 and list(self.classes) == usual
        arguments = [classes[0].__name__ if alike else f"{{{named}}}", repr(schedule)]
        arguments += [str(len(classes))] if alike else []
        arguments += ["clients=clients"] if self.clients else []
        arguments += [f"network={self.network!r}"] if self.network != "set" else []
        return f"replay({', '.join(arguments)})"
