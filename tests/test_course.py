"""Every chapter and solution runs from a fresh kernel, shows what it showed when it was built, and leaves nothing."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted(
    [*ROOT.glob("course/*.ipynb"), *ROOT.glob("solutions/*/*.ipynb")],
    key=lambda path: path.name,
)
NBVAL = [
    *(sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-cell-timeout=60"),
    # Our own configuration is for our own tests: it collects doctests and makes errors of others' warnings.
    *("-c", os.devnull, "-p", "no:cacheprovider", "-q"),
]
PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
PATIENCE = 10  # seconds in which what a kernel started must be gone once the kernel is


def inherit_orphans(inherit: bool) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(inherit), 0, 0, 0)


def descendants() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


@pytest.fixture
def nothing_left_behind() -> Iterator[None]:
    """Fail where a process outlives what started it: on Linux we inherit the orphans, so we see them."""
    inherit_orphans(True)
    before = descendants()
    yield
    _, alive = psutil.wait_procs(descendants() - before, timeout=PATIENCE)
    names = [" ".join(process.cmdline()) for process in alive]
    for process in alive:
        process.kill()
    inherit_orphans(False)
    assert names == []


@pytest.mark.notebook
@pytest.mark.timeout(600)
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.usefixtures("nothing_left_behind")
def test_a_notebook_runs_from_a_fresh_kernel_and_shows_what_it_showed(notebook):
    run = subprocess.run([*NBVAL, str(notebook)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-5000:] + run.stderr[-1000:]
