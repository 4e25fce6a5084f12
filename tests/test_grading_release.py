"""The bundle that students receive: all that they need, the same bytes each time, and nothing of the instructor's."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from autograder.grading.course import CourseError
from autograder.grading.release import bundle, leaks, release

ROOT = Path(__file__).parents[1]
REGION = re.compile(r"### BEGIN (?:SOLUTION|HIDDEN TESTS)[^\n]*\n(.*?)### END (?:SOLUTION|HIDDEN TESTS)", re.DOTALL)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, _ = release(ROOT, tmp_path_factory.mktemp("release") / "ds101")
    return folder


def texts(folder: Path) -> dict[str, str]:
    """Every file as text; of a notebook what its cells say."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            if path.suffix == ".ipynb":
                text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
            found[path.relative_to(folder).as_posix()] = text
    return found


def test_it_holds_what_students_need_and_nothing_of_the_instructors(released: Path) -> None:
    top = {path.name for path in released.iterdir()}
    assert {"course", "labs", "ds101", "README.md", "pyproject.toml", "requirements.lock", "LICENSE"} <= top
    assert not top & {"autograder", "solutions", "tests", "my_course.py", "benchmarks", ".git", "grading_secret"}
    labs = {path.name for path in (released / "labs").iterdir()}
    assert labs == {path.name for path in (ROOT / "labs").iterdir()}


def test_labs_are_handed_in_from_it_by_nbgraders_own_commands(released: Path, tmp_path: Path) -> None:
    copy, exchange = tmp_path / "ds101", tmp_path / "exchange"
    shutil.copytree(released, copy)
    for folder in ("outbound/lab01-framing", "inbound"):
        (exchange / "ds101" / folder).mkdir(parents=True)
        (exchange / "ds101" / folder).chmod(0o777)
    shutil.copytree(released / "labs/lab01-framing", exchange / "ds101/outbound/lab01-framing", dirs_exist_ok=True)
    told = subprocess.run(
        [sys.executable, "-m", "nbgrader", "submit", "lab01-framing"],
        cwd=copy, env=os.environ | {"DS101_EXCHANGE": str(exchange), "JUPYTER_DATA_DIR": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    (handed_in,) = (exchange / "ds101" / "inbound").iterdir()
    assert (handed_in / "lab01-framing.ipynb").is_file()


def test_no_link_of_its_readme_leads_nowhere(released: Path) -> None:
    text = (released / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    assert [one for one in targets if "://" not in one and not (released / one.split("#")[0]).exists()] == []
    assert "## For students" in text
    assert "solutions/" not in text
    assert "make test" not in text


def test_no_line_of_a_solution_and_no_hidden_test_is_in_it(released: Path) -> None:
    everything = texts(released)
    regions = 0
    for source in sorted((ROOT / "solutions").glob("lab*.py")):
        text = source.read_text(encoding="utf-8")
        visible = {line.strip() for line in REGION.sub("", text).splitlines()}
        lab = f"labs/{source.stem.replace('_', '-')}/"
        for region in REGION.findall(text):
            regions += 1
            lines = {line.strip() for line in region.splitlines() if len(line.strip()) > 12} - visible
            block = textwrap.dedent(region).strip()
            for name, content in everything.items():
                if name.startswith(lab):
                    assert not lines & {line.strip() for line in content.splitlines()}, name
                elif len(block.splitlines()) > 2:
                    assert block not in textwrap.dedent(content), name
    assert regions > 20


def test_a_solution_in_it_stops_the_release(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "solutions", clone / "solutions")
    shutil.copytree(ROOT / "labs", clone / "labs")
    assert list(leaks(clone, bundle(clone))) == []
    shutil.copy(clone / "solutions/lab01-framing/lab01-framing.ipynb", clone / "labs/lab01-framing/lab01-framing.ipynb")
    with pytest.raises(CourseError, match=r"would tell a solution or a hidden test: labs/lab01-framing/"):
        release(clone, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_stray_file_is_not_released(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    for name in ("solutions", "labs"):
        shutil.copytree(ROOT / name, clone / name)
    (clone / "labs/lab01-framing/solution.txt").write_text("here it is")
    (clone / "labs/mine").mkdir()
    (clone / "labs/mine/mine.ipynb").write_text("{}")
    assert not {name for name in bundle(clone) if "solution.txt" in name or "mine" in name}


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (release(ROOT, tmp_path / name / "ds101")[1].read_bytes() for name in ("one", "two"))
    assert first == second


def test_folder_and_archive_hold_the_same(released: Path) -> None:
    with zipfile.ZipFile(released.with_name("ds101.zip")) as archive:
        inside = {name.removeprefix("ds101/"): archive.read(name) for name in archive.namelist()}
    assert inside == {
        path.relative_to(released).as_posix(): path.read_bytes() for path in released.rglob("*") if path.is_file()
    }


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(CourseError, match="holds something else: choose an empty folder"):
        release(ROOT, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize("command", ["grade", "export", "feedback", "release", "doctor"])
def test_the_bundle_has_no_command_of_the_instructors(released: Path, command: str) -> None:
    # The interpreter of this environment sees the clone through an editable install: -S leaves that out.
    site = next(path for path in sys.path if path.endswith("site-packages"))
    script = f"import sys; sys.path[:] = [p for p in sys.path if p] + [{str(released)!r}, {site!r}]\n" + (
        f"sys.argv = ['ds101', {command!r}, 'lab01', '--student', 'ada']\nfrom ds101.cli import main; main()"
    )
    told = subprocess.run(
        [sys.executable, "-S", "-c", script], cwd=released, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(released)},
    )  # fmt: skip
    assert told.returncode == 1
    assert told.stderr == (f"ds101 {command} is the instructor's part, and this copy of the course comes without it.\n")
