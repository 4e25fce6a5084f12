"""Programs that strangers wrote, run so that they reach nothing but what they are given.

One program:

- started.py         `start`: a program in a sandbox, with limits for its whole tree; `Sandboxed`
- bubblewrap.py      the walls: what bubblewrap is told
- seccomp.py         what a program may not ask the system for
- weaker.py          the same without walls, for who names it: "container", "none"
- identity.py        who it is inside, and the limits of each process
- watchdog.py        the limits of all its processes together, kept from outside
- cgroups.py         the same kept by the system, where it lets us
- gate.py            where it waits until it is certain that it ends with us
- trees.py           all the processes of a program
- launching.py       children that a dying program of ours takes along
- folders.py         temporary folders that go away even after a kill
- trying.py          `why_not`: whether this machine can do it
- doctor.py          what else it can do, and how to get the rest

A notebook:

- running.py         `run_notebook`: a notebook in, the same notebook with what it printed out
- provisioner.py     its kernel, which `nbgrader autograde` uses too
- client.py          what the kernel says, cut while it arrives
- mending.py         notebooks and outputs as the format means them
- harmless.py        outputs that run nothing where they are shown
- cleaning.py        HTML and terminal text that run nothing
"""

from autograder.sandbox.errors import NoSandbox as NoSandbox
from autograder.sandbox.started import Sandboxed as Sandboxed
from autograder.sandbox.started import start as start
from autograder.sandbox.trying import why_not as why_not
