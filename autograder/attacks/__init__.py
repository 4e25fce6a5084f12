"""What people may hand in to get marks that they don't deserve, or to stop others from getting theirs.

Each attack is an edit of an honest submission, with the marks that it deserves and what its student must read. All
bound themselves (how many, how large, how long), so that a hole shows as a failed test and not as a dead machine.
`tests/test_attacks.py` runs them through the whole pipeline, mixed with honest ones.

- attack.py     `Attack`, and `Submission`: what is edited
- kernels.py    cells that stop the kernel, use up the machine, look around, or cheat where the check is called
- notebooks.py  files that are no proper submission
- judges.py     parts that lie to the judge, from inside a sandbox
- readers.py    outputs, names and words that act where people read them
- lives.py      what the life of a node may try to leave for the next one, or for another node
"""

from __future__ import annotations

import importlib
from pathlib import Path

from autograder.attacks.attack import Attack, Scene, Submission

ROOMS = ("kernels", "notebooks", "judges", "readers")


def attacks(scene: Scene) -> list[Attack]:
    """All attacks on the pipeline. `scene` says what they can aim at."""
    modules = [importlib.import_module(f"autograder.attacks.{room}") for room in ROOMS]
    return [attack for module in modules for attack in module.attacks(scene)]


def names() -> list[str]:
    """The names of all of them."""
    return [attack.name for attack in attacks(Scene(Path("/nowhere"), 1))]


__all__ = ["Attack", "Scene", "Submission", "attacks", "names"]
