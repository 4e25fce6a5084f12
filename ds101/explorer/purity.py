"""Whether handlers are pure: the same state and event do the same, whatever else is going on.

A search that works with numbers runs each handler once. One that reads the wall clock, the global `random` or a global
that changes, or that depends on the order of a set, would make its answer worthless; so some are run a second
time, with their sets and dicts in another order, and compared.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Literal

from ds101.errors import Mistake
from ds101.explorer.timing import after_handler
from ds101.node import Node
from ds101.reach import changeable_globals, unchangeable

if TYPE_CHECKING:
    from ds101.explorer.actor import Actor, Event, Run

ALWAYS = 1_000  # so many runs are all looked at twice
THEN_EVERY = 16


class NeedsMore(BaseException):
    """The search must begin again, with more in its states: somebody asked for a part of the past that they lack."""

    def __init__(self, what: Literal["sent", "history", "order"]) -> None:
        super().__init__(what)
        self.what = what


class Purity:
    """Says when to look twice, and compares. `order_matters`: whether the order of one handler's sends does."""

    def __init__(self, classes: dict[str, type[Node]], order_matters: bool) -> None:
        self._order_matters = order_matters
        self.runs = 0
        self._globals = changeable_globals(*classes.values())
        self._as_they_were = deepcopy(self._globals)

    def wants_a_second_look(self) -> bool:
        """Whether this run should be done again. Raises `Mistake` if it has changed a global."""
        for name, value in self._globals.items():
            if value != self._as_they_were[name]:
                raise Mistake(unchangeable(name))
        self.runs += 1
        return self.runs <= ALWAYS or self.runs % THEN_EVERY == 0

    def compare(self, actor: Actor, event: Event, run: Run, again: Run, once_more: Callable[[], Run]) -> None:
        """Raises `Mistake` if the runs differ, or `NeedsMore` if only the order of a dict's keys can be why."""
        if self._essence(actor, run) == self._essence(actor, again):
            return
        handler = f"{actor.node_class.__name__}.{actor.handler(event)}"
        if self._essence(actor, run) != self._essence(actor, once_more()):
            raise Mistake(
                f"{handler} was run twice in the same state with the same event, and did different things. It must "
                "use nothing but self, what it handles, and self.random: no clock, no global random or other global."
            )
        if not actor.freezer.keeps_order:
            raise NeedsMore("order")
        raise Mistake(
            f"{handler} depends on the order of a set, which differs from run to run. Write  for x in sorted(the_set):"
        )

    def _essence(self, actor: Actor, run: Run) -> tuple[Any, ...]:
        scene = run.scene
        sends = scene.sends() if self._order_matters else sorted(scene.sends())
        saves = [(save.key, None if save.data is None else actor.tree_of(save.data)) for save in scene.saves()]
        return run.attributes, run.error, sends, saves, after_handler((), scene.asked()), scene.options
