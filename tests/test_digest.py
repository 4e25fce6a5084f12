"""A seed means the same in every interpreter: Python 3.11, 3.12 and 3.13, however it orders its sets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"

# What seed 7 of the election does under a bad day. A change here means that old seeds mean something new: say so in the
# changelog, and commit the digest that this test prints.
DIGEST = "3d76b4251d333acc8ba492b73adb2a1e81f2b8dac3f179cff1aa3f2529f50d4c"


def interpreter(version: str) -> str:
    """A Python of this version that can import the library."""
    if version == RUNNING:
        return sys.executable
    python = ROOT / f".venv-{version}" / "bin" / "python"
    if not python.exists():
        pytest.skip(f"there is no .venv-{version}: where Python {version} is installed, `make pythons` makes it")
    return str(python)


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_a_seed_gives_the_same_bytes_in_every_python_under_every_hash_seed(version):
    python, said = interpreter(version), {}
    for hash_seed in ("0", "1", "4242"):
        command = (
            "import sys; from tests.election import *; print('%d.%d' % sys.version_info[:2], digest_of_a_bad_day())"
        )
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run([python, "-c", command], capture_output=True, text=True, cwd=ROOT, env=environment)
        said[hash_seed] = done.stdout.strip() or done.stderr
    assert said == dict.fromkeys(said, f"{version} {DIGEST}")
