"""The `ds101` command: what it says, and one sentence where it can't."""

import subprocess
import sys
from pathlib import Path

import pytest

import ds101
import ds101.cli
from ds101.errors import Ds101Error

ROOT = Path(__file__).parent.parent


def command(*words: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    script = Path(sys.executable).parent / "ds101"
    return subprocess.run([script, *words], cwd=folder, capture_output=True, text=True, check=False)


def test_it_tells_its_version():
    assert command("--version").stdout == f"ds101 {ds101.__version__}\n"


def test_it_explains_itself_when_asked_for_nothing():
    said = command()
    assert "notebooks" in said.stdout
    assert "Build the notebooks that are out of step" in said.stdout


def test_outside_a_clone_it_says_so_in_a_sentence(tmp_path):
    said = command("notebooks", folder=tmp_path)
    assert said.returncode == 1
    assert said.stderr == f"{tmp_path} is not inside a clone of ds101: change into your clone first.\n"


def test_an_unknown_notebook_is_named_with_those_that_are_there():
    said = command("notebooks", "lab99")
    assert said.returncode == 1
    assert said.stderr.startswith("There is no notebook called 'lab99': choose from ")
    assert len(said.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (Ds101Error("Do this instead."), "Do this instead."),
        (ModuleNotFoundError(name="jupytext"), "This needs jupytext, which is not installed: run  make install"),
    ],
)
def test_what_was_foreseen_shows_no_traceback(monkeypatch, raised, said):
    def fail() -> None:
        raise raised

    monkeypatch.setattr(ds101.cli, "app", fail)
    with pytest.raises(SystemExit) as stopped:
        ds101.cli.main()
    assert str(stopped.value).startswith(said)


ENCODE = """
def encode(message):
    body = message.encode()
    return len(body).to_bytes(4, "{order}") + body
"""


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("order", "status", "line"),
    [("big", 0, "✓ one frame a message  (3/3)"), ("little", 1, "✗ one frame a message  (0/3)")],
)
def test_a_lab_is_judged_from_a_terminal(tmp_path, order, status, line):
    solution = tmp_path / "mine.py"
    solution.write_text(ENCODE.format(order=order))
    said = command("check", "lab01", str(solution), "--only", "one frame a message", folder=tmp_path)
    assert line in said.stdout
    assert said.returncode == status


def test_where_there_is_no_notebook_to_judge_it_says_so(tmp_path):
    said = command("check", "lab01", folder=tmp_path)
    assert said.stderr == (
        "There is no lab01-*.ipynb here: change into the lab's folder, or say which file to check.\n"
    )
    assert said.returncode == 1
