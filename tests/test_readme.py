"""The README claims only what works."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.cluster
def test_the_example_runs_as_a_script_and_says_what_it_claims(tmp_path):
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    script = tmp_path / "example.py"
    script.write_text(example)
    run = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.stderr == ""
    greeting, refusal = run.stdout.strip().split("\n")
    assert greeting == re.search(r"# (Greeting.*)", example)[1]
    assert "n1" in refusal


@pytest.mark.cluster
def test_the_pictures_can_be_drawn_again(tmp_path):
    script = ROOT / "course/source/pictures.py"
    subprocess.run([sys.executable, script, tmp_path], check=True, capture_output=True)
    drawn = {path.name for path in tmp_path.iterdir()}
    shown = set(re.findall(r"course/images/([\w-]+\.svg)", (ROOT / "README.md").read_text()))
    assert shown <= drawn
    assert "Moved" in (tmp_path / "the-reply-that-never-came.svg").read_text()
    of_the_course = {path.name for path in (ROOT / "course/images").glob("*.svg")}
    assert of_the_course == drawn, "make pictures draws what is committed"
