"""Programs that strangers wrote, run so that they reach nothing but what they are given.

- running.py         a notebook in, the same notebook with what it printed out
- harmless.py        outputs that run nothing where they are shown
- provisioner.py     the kernel of `nbgrader autograde`, in a sandbox
- started.py         `start`: one program in a sandbox, with limits for its whole tree; `Sandboxed`
- bubblewrap.py      the walls: what bubblewrap is told
- seccomp.py         what a program may not ask the system for
- weaker.py          the same without walls, for who names it: "container", "none"
- identity.py        who it is inside, and the limits of each process
- gate.py            where it waits until it is certain that it ends with us
- watchdog.py        the limits of all its processes together, kept from outside
- cgroups.py         the same kept by the system, where it lets us
- trees.py           all the processes of a program
- launching.py       children that a dying program of ours takes along
- doctor.py          what this machine can do of it
"""

from autograder.sandbox.errors import NoSandbox as NoSandbox
from autograder.sandbox.started import Sandboxed as Sandboxed
from autograder.sandbox.started import start as start
from autograder.sandbox.trying import why_not as why_not
