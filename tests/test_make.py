"""The verbs of make: a second run installs nothing, and what is missing is said in a line."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone in which the environment has just been made (its files are empty: nothing here runs them)."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv").mkdir()
    ready = tmp_path / ".venv" / "ready"
    ready.touch()
    newest = max((tmp_path / name).stat().st_mtime for name in ("requirements.lock", "pyproject.toml"))
    os.utime(ready, (newest + 1, newest + 1))
    return tmp_path


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # What a make around this test has told its children is not for this one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(["make", *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_help_is_what_make_says_when_asked_for_nothing(clone):
    alone, asked = make(clone), make(clone, "help")
    assert alone.stdout == asked.stdout
    assert "make start      open JupyterLab on chapter 00" in asked.stdout
    assert "make soak       the same" in asked.stdout
    assert "make coverage   list the items" in asked.stdout


@pytest.mark.parametrize("verb", ["start", "test", "notebooks"])
def test_a_second_run_installs_nothing(clone, verb):
    assert "pip install" not in make(clone, "--dry-run", verb).stdout


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_is_installed(clone, changed):
    later = (clone / ".venv/ready").stat().st_mtime + 1
    os.utime(clone / changed, (later, later))
    assert "pip install --quiet --require-hashes -r requirements.lock" in make(clone, "--dry-run", "start").stdout


def test_an_old_python_is_refused_in_a_sentence(clone):
    (clone / ".venv/ready").unlink()
    old = clone / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    refused = make(clone, "start", f"PYTHON={old}")
    assert refused.returncode != 0
    assert refused.stdout.strip() == "ds101 needs Python 3.11 to 3.13: say which with  make PYTHON=python3.12 start"


@pytest.fixture
def ordinary_user(tmp_path: Path) -> str:
    """A PATH on which there is no browser, and on which we are not root."""
    for name in ("sh", "apt-get"):
        if path := shutil.which(name):
            (tmp_path / name).symlink_to(path)
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    return str(tmp_path)


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
def test_a_missing_browser_is_told_in_a_line_and_fails_in_ci_alone(ordinary_user, ci, status):
    told = subprocess.run(
        ["sh", str(ROOT / ".ci/browser")],
        env={"PATH": ordinary_user, "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stdout == (
        "Left out: the tests in a browser need Chromium; get it with  sudo apt-get install chromium\n"
    )
    assert told.returncode == status
