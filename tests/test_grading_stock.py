"""Stock nbgrader with our configuration writes the judge's marks; without the autograder it still makes the labs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from grading_course import LAB, ROOT, make_course, recorded, released, run, scores, submit

from autograder.grading.course import Course, open_course
from ds101.notebooks.release import released as built

pytestmark = [pytest.mark.grading, pytest.mark.notebook, pytest.mark.timeout(600)]
JUDGE = "\nimport autograder.execute, grading_fake\nautograder.execute.judge_notebook = grading_fake.judge_notebook\n"
LATE = "lab,student,due,timezone,grace_minutes,percent_per_day,most_percent\nlab01,,2026-10-12 12:00,UTC,0,10,50\n"


def nbgrader(course: Course, *words: str) -> str:
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT / 'tests'}{os.pathsep}{ROOT}",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "JUPYTER_CONFIG_DIR": str(course.root / "jupyter"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=course.root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course that `nbgrader autograde` has graded: ada cheats, bob answers in words, and is late."""
    root = tmp_path_factory.mktemp("stock") / "course"
    course = make_course(root)
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(JUDGE)
    (root / "deadlines.csv").write_text(LATE)
    cheat, answer = released(), released()
    for cell in cheat.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "encode":
            cell.source = "print('passed')\nget_ipython().input_transformers_post.append(lambda lines: ['30'])"
    for cell in answer.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "reflection-limit":
            cell.source = "<script>alert(1)</script>"
    submit(course, "ada", notebook=cheat)
    (submit(course, "bob", notebook=answer) / "timestamp.txt").write_text("2026-10-13 10:00:00 UTC")
    nbgrader(course, "generate_assignment", LAB, "--force")
    nbgrader(course, "autograde", LAB)
    nbgrader(course, "generate_feedback", LAB)
    return open_course(root)


def test_the_marks_are_the_judges(course: Course) -> None:
    found = scores(course)
    for student, graded in recorded(course).items():
        assert len(graded.marks) == 4
        for name, mark in graded.marks.items():
            assert found[student, name] == (mark.points, None, False)
            assert mark.points == float(mark.seed % (int(mark.most) + 1))


def test_answers_in_words_wait_for_a_person(course: Course) -> None:
    assert scores(course)["bob", "reflection-limit"] == (None, None, True)
    assert scores(course)["ada", "reflection-limit"] == (0.0, None, False)


def test_what_people_read_is_the_report_and_acts_nowhere(course: Course) -> None:
    notebook = nbformat.read(course.root / "autograded" / "bob" / LAB / f"{LAB}.ipynb", as_version=4)
    cells = {name: cell for cell in notebook.cells if (name := cell.metadata.get("nbgrader", {}).get("grade_id"))}
    assert cells["check-decoder"].outputs[0].data["text/plain"] == "report on check-decoder"
    assert "HIDDEN" not in cells["check-decoder"].source
    page = (course.root / "feedback" / "bob" / LAB / f"{LAB}.html").read_text()
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "HIDDEN TESTS" not in re.sub(r"<[^>]+>", "", page)


def test_a_late_submission_has_the_penalty_of_the_same_rule(course: Course) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(course.db_url) as book:
        bob = book.find_submission(LAB, "bob")
        assert bob.late_submission_penalty == pytest.approx(round(bob.score / 10, 2))


def test_what_stock_nbgrader_graded_is_not_done_again(course: Course) -> None:
    before = scores(course)
    done, said = run(course)
    assert done
    assert "2 submissions, 0 graded now, 2 were graded before (resumed)" in said
    assert scores(course) == before


def test_labs_are_built_where_there_is_no_autograder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clone" / "autograder").mkdir(parents=True)
    (tmp_path / "clone" / "nbgrader_config.py").write_text(
        "import sys\nsys.modules['autograder'] = None\n" + (ROOT / "nbgrader_config.py").read_text()
    )
    source = (ROOT / "solutions" / LAB / f"{LAB}.ipynb").read_text()
    files = built(tmp_path / "clone", {LAB: source})
    assert files[LAB][f"{LAB}.ipynb"] == (ROOT / "labs" / LAB / f"{LAB}.ipynb").read_bytes()
