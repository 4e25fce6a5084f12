"""The whole way of a lab through stock nbgrader with our configuration: generate, release, fetch, submit, collect,
autograde, feedback, formgrader; for a perfect, a half-done, an unchanged and a wrong submission."""

import copy
import csv
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from html import unescape
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from traitlets.config import PyFileConfigLoader

from autograder.mutants import mutants_of, reference_source
from ds101.labs.specification import find_lab

ROOT = Path(__file__).parents[1]
LAB = "lab01-framing"
NOTEBOOK = f"{LAB}/{LAB}.ipynb"
WRONG = next(mutant for mutant in mutants_of("lab01") if mutant.name == "one message a piece")
BY_MACHINE, BY_HAND = 30, 6  # points
REFLECTIONS = ("reflection-patience", "reflection-silence", "reflection-limit")

pytestmark = [pytest.mark.grading, pytest.mark.cluster, pytest.mark.timeout(600)]


class Course:
    """A course in a folder of its own, with an exchange of its own, run by nbgrader's own commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        exchange = folder / "exchange"
        exchange.mkdir()
        exchange.chmod(0o777)
        self.environment = os.environ | {
            "DS101_EXCHANGE": str(exchange),
            "JUPYTER_CONFIG_DIR": str(folder / "jupyter"),
            "JUPYTER_DATA_DIR": str(folder / "data"),  # where `nbgrader submit` remembers what was handed in
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",  # nbgrader runs `alembic`
            "PYTHONPATH": str(ROOT),
        }
        shutil.copy(ROOT / "nbgrader_config.py", folder)
        shutil.copytree(ROOT / "solutions" / LAB, folder / "solutions" / LAB)

    def run(self, *command: str, where: Path | None = None) -> str:
        """What an nbgrader command says. Fails the test if it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *command],
            cwd=where or self.folder, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stderr

    def hand_in(self, student: str, notebook: NotebookNode) -> None:
        path = self.folder / "submitted" / student / NOTEBOOK
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)

    def feedback(self, student: str) -> str:
        """The feedback's text, as a student reads it."""
        page = (self.folder / "feedback" / student / NOTEBOOK).with_suffix(".html").read_text(encoding="utf-8")
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())

    def marks(self) -> dict[str, dict[str, str]]:
        self.run("export", "--to", "grades.csv")
        with (self.folder / "grades.csv").open() as rows:
            return {row["student_id"]: row for row in csv.DictReader(rows)}


def solved(released: NotebookNode, source: NotebookNode, tasks: set[str]) -> NotebookNode:
    """The released notebook with these tasks filled in from the solution, cell by cell."""
    answers = {cell.metadata.nbgrader.grade_id: cell.source for cell in source.cells if "nbgrader" in cell.metadata}
    filled = copy.deepcopy(released)
    for cell in filled.cells:
        task = cell.metadata.get("nbgrader", {}).get("grade_id")
        if task in tasks:
            cell.source = answers[task]
    return filled


def mutated(notebook: NotebookNode) -> NotebookNode:
    """A solved notebook with the mistake of `WRONG` in it."""
    result = copy.deepcopy(notebook)
    for there, instead in WRONG.edits.items():
        assert sum(cell.source.count(there) for cell in result.cells) == 1
        for cell in result.cells:
            cell.source = cell.source.replace(there, instead)
    return result


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The course after the whole round."""
    course = Course(tmp_path_factory.mktemp("course"))
    course.run("generate_assignment", LAB)
    course.run("release_assignment", LAB)
    source = nbformat.read(course.folder / "solutions" / NOTEBOOK, as_version=4)
    released = nbformat.read(course.folder / "labs" / NOTEBOOK, as_version=4)
    perfect = solved(released, source, {"encode", "decoder", "exchange", "serve", *REFLECTIONS})
    _submit_through_the_exchange(course, perfect)
    course.hand_in("perfect", perfect)
    course.hand_in("half-done", solved(released, source, {"encode", "decoder"}))
    course.hand_in("unchanged", released)
    course.hand_in("wrong", mutated(perfect))
    course.run("autograde", LAB)
    course.run("generate_feedback", LAB)
    return course


def _submit_through_the_exchange(course: Course, notebook: NotebookNode) -> None:
    """What a student on the same machine does, and then the instructor."""
    home = course.folder / "home"
    home.mkdir()
    # A student has no clone of the course: only its name and where the exchange is.
    (home / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        "c.CourseDirectory.course_id = 'ds101'\n"
        f"c.Exchange.root = {str(course.folder / 'exchange')!r}\n"
    )
    course.run("fetch_assignment", LAB, where=home)
    nbformat.write(notebook, home / NOTEBOOK)
    course.run("submit", LAB, where=home)
    course.run("collect", LAB)


@pytest.fixture(scope="module")
def marks(course: Course) -> Mapping[str, Mapping[str, str]]:
    return course.marks()


def test_an_output_that_comes_late_on_a_busy_machine_is_no_reason_to_give_up() -> None:
    execute = Execute(config=PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config())
    assert execute.iopub_timeout >= 60


def test_a_perfect_submission_gets_every_point_that_a_machine_gives(marks: Mapping[str, Mapping[str, str]]) -> None:
    assert float(marks["perfect"]["score"]) == BY_MACHINE
    assert float(marks["perfect"]["max_score"]) == BY_MACHINE + BY_HAND


def test_a_submission_through_the_exchange_is_collected_and_marked(marks: Mapping[str, Mapping[str, str]]) -> None:
    (collected,) = marks.keys() - {"perfect", "half-done", "unchanged", "wrong"}
    assert float(marks[collected]["score"]) == BY_MACHINE


def test_a_half_done_submission_gets_the_points_of_its_half(marks: Mapping[str, Mapping[str, str]]) -> None:
    wanted = sum(one.points for one in find_lab("lab01").properties if one.needs[0] in ("encode", "Decoder"))
    assert float(marks["half-done"]["score"]) == wanted


def test_an_unchanged_release_gets_nothing(marks: Mapping[str, Mapping[str, str]]) -> None:
    assert float(marks["unchanged"]["score"]) == 0


def test_a_wrong_submission_loses_the_points_of_what_it_breaks_and_no_others(
    marks: Mapping[str, Mapping[str, str]],
) -> None:
    lost = sum(one.points for one in find_lab("lab01").properties if one.title in WRONG.breaks)
    assert 0 < lost < BY_MACHINE
    assert float(marks["wrong"]["score"]) == BY_MACHINE - lost


def test_the_feedback_on_a_mistake_has_its_story_the_replay_line_and_a_question(course: Course) -> None:
    text = course.feedback("wrong")
    broken = find_lab("lab01").property("joined frames")
    assert broken.sentence in text
    assert "feed did not return it." in text
    assert "← should be" in text
    assert "Again: check('lab01', Decoder, replay='joined frames {" in text
    assert f"Think: {broken.hint}" in text
    assert "Traceback (most recent call last)" not in text


def test_the_feedback_draws_the_run(course: Course) -> None:
    page = (course.folder / "feedback" / "wrong" / NOTEBOOK).with_suffix(".html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2  # the picture of the story, and the run that broke


def test_the_feedback_on_an_unchanged_release_says_what_to_do_next(course: Course) -> None:
    text = course.feedback("unchanged")
    for task in ("encode", "Decoder", "exchange", "serve"):
        assert f"Next: write {task}. Its docstring is the sentence to implement" in text


def test_no_mark_is_left_open_but_those_that_a_person_gives(course: Course) -> None:
    script = (
        "import json; from nbgrader.api import Gradebook\n"
        "with Gradebook('sqlite:///gradebook.db') as book:\n"
        f"    notebooks = [n for s in book.assignment_submissions({LAB!r}) for n in s.notebooks]\n"
        "    marks = [(g.name, g.auto_score) for n in notebooks for g in n.grades]\n"
        "print(json.dumps(marks))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=course.folder, env=course.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    marks = json.loads(done.stdout)
    assert len(marks) == 5 * 7
    assert {name for name, score in marks if score is None} == set(REFLECTIONS)


@pytest.fixture
def server(course: Course) -> Iterator[Callable[[str], str]]:
    """A running Jupyter server with nbgrader's formgrader; gives the text of a page."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", f"--port={port}", "--ip=127.0.0.1", "--no-browser", "--allow-root",
         "--IdentityProvider.token=letmein", "--ServerApp.port_retries=0",
         "--ServerApp.jpserver_extensions=nbgrader.server_extensions.formgrader=True"],
        cwd=course.folder, env=course.environment, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def page(path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}?token=letmein", timeout=30) as answer:
            return str(answer.read().decode())

    try:
        _wait_for(port, process)
        yield page
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until the server accepts connections; it says that it runs a little too early."""
    while process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    pytest.fail("the Jupyter server ended")


def test_formgrader_opens_and_shows_the_marks(server: Callable[[str], str]) -> None:
    assert "formgrade" in server("/formgrader")
    (assignment,) = json.loads(server("/formgrader/api/assignments"))
    assert (assignment["name"], assignment["max_score"]) == (LAB, BY_MACHINE + BY_HAND)
    submissions = json.loads(server(f"/formgrader/api/submissions/{LAB}"))
    scores = {submission["student"]: submission["score"] for submission in submissions}
    assert (scores["perfect"], scores["unchanged"]) == (BY_MACHINE, 0)
    # Reflections wait for a person where they were answered.
    waiting = {submission["student"]: submission["needs_manual_grade"] for submission in submissions}
    assert (waiting["perfect"], waiting["unchanged"]) == (True, False)


def test_formgrader_and_feedback_show_nothing_that_runs(course: Course, server: Callable[[str], str]) -> None:
    """Also in a notebook that did not come through our own grading."""
    attack = "**shown** <script>alert()</script><img src=x onerror='alert()'>"
    path = course.folder / "autograded" / "half-done" / NOTEBOOK
    notebook = nbformat.read(path, as_version=4)
    shown = [nbformat.v4.new_output("display_data", {kind: attack}) for kind in ("text/html", "text/markdown")]
    notebook.cells += [nbformat.v4.new_markdown_cell(attack), nbformat.v4.new_code_cell("x", outputs=shown)]
    nbformat.write(notebook, path)
    submissions = json.loads(server(f"/formgrader/api/submitted_notebooks/{LAB}/{LAB}"))
    (identity,) = [one["id"] for one in submissions if one["student"] == "half-done"]
    course.run("generate_feedback", LAB, "--student", "half-done", "--force")
    feedback = (course.folder / "feedback" / "half-done" / NOTEBOOK).with_suffix(".html").read_text(encoding="utf-8")
    for page in (server(f"/formgrader/submissions/{identity}/"), feedback):
        assert page.count("<strong>shown</strong>") == 2
        assert "<script>alert" not in page
        assert "onerror" not in page


def test_the_points_of_the_cells_are_those_of_the_specification() -> None:
    notebook = nbformat.read(ROOT / "solutions" / NOTEBOOK, as_version=4)
    lab = find_lab("lab01")
    for cell in notebook.cells:
        settings = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and settings.get("grade"):
            (part,) = [part for part in lab.parts if re.search(rf'check\("lab01", {part},', cell.source)]
            assert settings["points"] == sum(one.points for one in lab.properties if one.needs == (part,))
    assert sum(one.points for one in lab.properties) == BY_MACHINE


def test_the_mistake_of_the_wrong_submission_is_one_edit_of_the_solution() -> None:
    assert all(reference_source("lab01").count(there) == 1 for there in WRONG.edits)
