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
- output.py      what processes print appears under the cell that runs
"""

from ds101.processes.launcher import spawn
from ds101.processes.process import Process

__all__ = ["Process", "spawn"]
