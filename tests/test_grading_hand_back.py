"""Marks go out: as CSV that no spreadsheet runs, as feedback, with a penalty beside the raw mark."""

import csv
import io
from pathlib import Path

import pytest
from grading_course import LAB, make_course, recorded, released, run, submit
from nbgrader.api import Gradebook
from rich.console import Console

from autograder.grading.course import Course, CourseError
from autograder.grading.export import export
from autograder.grading.feedback import feedback

pytestmark = [pytest.mark.grading, pytest.mark.timeout(300)]
DEADLINES = """lab,student,due,timezone,grace_minutes,percent_per_day,most_percent
lab01,,2026-10-12 12:00,UTC,0,10,50
lab01,bob,2026-10-14 12:00,UTC,,,
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A graded class in which three handed in on the 13th."""
    course = make_course(tmp_path_factory.mktemp("back") / "course")
    (course.root / "deadlines.csv").write_text(DEADLINES)
    notebook = released()
    next(
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "reflection-limit"
    ).source = "so"
    for student in ("ada", "bob", "=cmd|'C calc'!A0"):
        folder = submit(course, student, notebook=notebook if student == "ada" else None)
        (folder / "timestamp.txt").write_text("2026-10-13 10:00:00 UTC")
    submit(course, "broken", notebook=b"{")
    with Gradebook(course.db_url) as book:
        book.update_or_create_student("absent", first_name="@SUM(1)", last_name="Ünal")
    run(course)
    return course


def rows(course: Course) -> dict[str, dict[str, str]]:
    return {row["student"]: row for row in csv.DictReader(io.StringIO(export(course, "lab01")))}


def test_raw_mark_penalty_and_final_mark_stand_apart(course: Course) -> None:
    found = rows(course)
    raw = sum(mark.points or 0 for mark in recorded(course)["ada"].marks.values())
    ada, bob = found["ada"], found["bob"]
    assert (float(ada["lab01_raw"]), float(ada["lab01_penalty"])) == (raw, round(raw / 10, 2))
    assert float(ada["lab01_final"]) == pytest.approx(raw * 0.9)
    assert (float(bob["lab01_raw"]), bob["lab01_penalty"]) == (raw, "0")  # bob had longer
    assert (ada["lab01_max"], ada["lab01_needs_person"], bob["lab01_needs_person"]) == ("36", "yes", "no")
    assert found["broken"]["lab01_final"] == "0"
    assert found["absent"]["lab01_raw"] == ""


def test_a_cell_that_a_spreadsheet_would_run_is_text(course: Course) -> None:
    found = rows(course)
    assert "'=cmd|'C calc'!A0" in found
    assert found["absent"]["first_name"] == "'@SUM(1)"
    assert found["absent"]["last_name"] == "Ünal"


def test_nbgrader_knows_the_same_due_date_and_penalty(course: Course) -> None:
    with Gradebook(course.db_url) as book:
        ada, bob = (book.find_submission(LAB, student) for student in ("ada", "bob"))
        assert (ada.total_seconds_late, bob.total_seconds_late) == (22 * 3600, 0)
        assert ada.late_submission_penalty == pytest.approx(float(rows(course)["ada"]["lab01_penalty"]))


def test_a_penalty_follows_a_mark_that_a_person_changes(course: Course) -> None:
    before = float(rows(course)["ada"]["lab01_raw"])
    with Gradebook(course.db_url) as book:
        grade = book.find_grade("reflection-limit", LAB, LAB, "ada")
        grade.manual_score, grade.needs_manual_grade = 2.0, False
        book.db.commit()
    ada = rows(course)["ada"]
    assert float(ada["lab01_raw"]) == before + 2
    assert float(ada["lab01_penalty"]) == round((before + 2) / 10, 2)
    assert ada["lab01_needs_person"] == "no"


def test_all_labs_without_a_name(course: Course) -> None:
    assert export(course) == export(course, "lab01")  # the only one that is there


def test_feedback_has_the_reports_and_the_reason_and_no_hidden_test(course: Course) -> None:
    out = Console(width=200, record=True, file=io.StringIO())
    assert feedback(course, "lab01", out)
    pages = {path.parent.parent.name: path.read_text() for path in (course.root / "feedback").glob("*/*/*.html")}
    assert len(pages) == 4
    assert "<p>report on <b>check-decoder</b></p>" in pages["ada"]
    assert "not valid JSON" in pages["broken"]
    for page in pages.values():
        assert "HIDDEN TESTS" not in page
        assert "2082" not in page.replace("</span>", "").split("check-decoder")[-1][:3000]
    assert "ada" in out.export_text()


def test_feedback_without_marks_is_told(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course")
    with pytest.raises(CourseError, match="Nobody has a mark for lab01-framing: run  ds101 grade lab01  first"):
        feedback(course, "lab01", Console(file=io.StringIO()))
    with pytest.raises(CourseError, match="There are no marks yet"):
        export(course)
