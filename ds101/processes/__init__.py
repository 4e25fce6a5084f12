"""Operating system processes that never outlive the program that wanted them.

`spawn` runs any function, also one from a notebook cell, as a process of its own:

>>> from ds101.processes import spawn
>>> def double(x):
...     print(2 * x)
>>> with spawn(double, 21, name="doubler") as process:
...     process.wait()
doubler | 42
0

- launcher.py    the caller's side: `spawn`
- process.py     `Process`: kill, pause, resume, wait
- supervisor.py  the one process that forks the others, and kills them when the caller is gone
- child.py       what a new process does before it runs the function
- shipping.py    how a function or a class of a notebook travels to another process
- link.py        the connection between the two
- output.py      what processes print appears under the cell that runs
- steady.py      steps that an interrupt can't come between
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ds101.processes.launcher import spawn
    from ds101.processes.process import Process

__all__ = ["Process", "spawn"]


def __getattr__(name: str) -> Any:
    """The caller's side is opened when it is asked for: the supervisor, which starts here too, has no use for it."""
    if name not in __all__:
        raise AttributeError(f"module 'ds101.processes' has no attribute {name!r}")
    from ds101.processes import launcher, process

    return {"Process": process.Process, "spawn": launcher.spawn}[name]
