"""Every chapter and every solution runs from a fresh kernel, and shows what it showed when it was built."""

import os
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.notebook
@pytest.mark.timeout(600)
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_a_fresh_kernel_and_shows_what_it_showed(notebook):
    run = subprocess.run([*NBVAL, str(notebook)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-5000:] + run.stderr[-1000:]
