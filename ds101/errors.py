"""Every error that ds101 raises on purpose. Each says in a sentence what happened and what to do.

They show in a notebook as that sentence alone, without a page of traceback:
the frames between your line and the mistake are ours, and would not help you.

>>> issubclass(Unreachable, Ds101Error)
True
"""

from __future__ import annotations


class Ds101Error(Exception):
    """The base of all the errors that ds101 raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of the traceback."""
        return [f"{type(self).__name__}: {self}"]


class Mistake(Ds101Error, TypeError):
    """Something in a node, a message or a scenario that cannot work, told as early as possible."""


class Unreachable(Ds101Error, ConnectionError):
    """The request certainly did not reach the node: nothing listens at its address."""


class Timeout(Ds101Error, TimeoutError):
    """Silence until the deadline. Whether the request had its effect is unknown."""


class NodeError(Ds101Error, RuntimeError):
    """A handler raised an exception, so its node is dead."""


class Flood(NodeError):
    """Messages or timers of a simulated world bring about ever more of their kind."""


class EndedFromOutside(Ds101Error):
    """A handler did not end by itself, and was ended, wherever it was then: each time it may be somewhere else."""


class ClosedError(Ds101Error, RuntimeError):
    """The world was used after it was closed."""


class LaunchError(Ds101Error, RuntimeError):
    """Processes could not be started."""


class Inconclusive(Ds101Error, ValueError):
    """A question that cannot be answered was asked for a yes or a no."""


class NotebookError(Ds101Error, RuntimeError):
    """A notebook cannot be found, or cannot be built from its text source."""


class NotYet(Ds101Error, NotImplementedError):
    """A task of a lab that still has its skeleton. Which one: the function that raises it."""

    def __str__(self) -> str:
        link, name = self.__traceback__, "this task"
        while link is not None:
            name, link = link.tb_frame.f_code.co_qualname.split("<locals>.")[-1], link.tb_next
        part, _, method = name.partition(".")
        return (
            f"Next: write {part}. Its docstring is the sentence to implement; "
            f"your code replaces the line `raise NotYet`{f' in {method}' if method else ''}."
        )
