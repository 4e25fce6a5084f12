"""What the judge said is in nbgrader's gradebook as stock nbgrader has it, and in the notebook that people read."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from grading_course import LAB, make_course, recorded, released, scores, submit
from grading_fake import mark_of, ran
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder.grading.book import Book, open_book
from autograder.grading.course import Course
from autograder.grading.deadlines import Deadlines
from autograder.grading.prepare import Prepared, Refused, prepare
from autograder.grading.record import Recorder
from autograder.grading.register import register
from autograder.grading.source import Source, open_source
from autograder.jobs import Result

pytestmark = pytest.mark.grading


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path / "course")


@pytest.fixture
def source(course: Course) -> Iterator[Source]:
    with open_source(course, LAB) as source:
        yield source


@pytest.fixture
def book(course: Course, source: Source) -> Iterator[Book]:
    with open_book(course) as book:
        register(source, book)
        yield book


@pytest.fixture
def recorder(source: Source, book: Book) -> Recorder:
    return Recorder(source, book, Deadlines({}))


def judged(recorder: Recorder, student: str, notebook: NotebookNode | None = None) -> tuple[Prepared, Result]:
    submit(recorder.source.course, student, notebook=notebook)
    prepared = prepare(recorder.source, student)
    assert isinstance(prepared, Prepared)
    job = prepared.job
    return prepared, Result(student, LAB, ran(job.notebook), tuple(map(mark_of, job.questions)), (), 1.0)


def kept(course: Course, student: str) -> dict[str, NotebookNode]:
    notebook = nbformat.read(course.root / "autograded" / student / LAB / f"{LAB}.ipynb", as_version=4)
    nbformat.validate(notebook)
    return {name: cell for cell in notebook.cells if (name := cell.metadata.get("nbgrader", {}).get("grade_id"))}


def answered(text: str = "Because of the deadline.") -> NotebookNode:
    notebook = released()
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "reflection-patience":
            cell.source = text
    return notebook


def test_scores_are_the_judges_and_answers_in_words_wait_for_a_person(recorder: Recorder, course: Course) -> None:
    _, result = judged(recorder, "ada", answered())
    recorder.save(*judged(recorder, "ada", answered()))
    marks = {mark.grade_id: mark.points for mark in result.marks}
    found = {name: score for (_, name), score in scores(course).items()}
    assert {name: found[name] for name in marks} == {name: (points, None, False) for name, points in marks.items()}
    assert found["reflection-patience"] == (None, None, True)
    assert found["reflection-limit"] == (0.0, None, False)  # nobody wrote anything


def test_a_comment_says_where_there_was_no_response(recorder: Recorder, course: Course) -> None:
    recorder.save(*judged(recorder, "ada", answered()))
    with Gradebook(course.db_url) as book:
        said = {name: book.find_comment(name, LAB, LAB, "ada").comment for name in ("encode", "reflection-patience")}
    assert said == {"encode": "No response.", "reflection-patience": None}


def test_verdicts_and_seeds_and_notes_are_kept(recorder: Recorder, course: Course) -> None:
    prepared, result = judged(recorder, "ada")
    recorder.save(prepared, replace(result, notes=("cell 5 did not end",)))
    one = recorded(course)["ada"]
    assert (one.digest, one.notes, one.seconds) == (prepared.digest, ("cell 5 did not end",), 1.0)
    for question in recorder.source.questions:
        mark = one.marks[question.grade_id]
        assert (mark.seed, mark.size, mark.verdicts) == (question.seed, 2, (("first", "holds"),))


def test_what_people_read_is_the_report_and_not_what_the_cell_printed(recorder: Recorder, course: Course) -> None:
    recorder.save(*judged(recorder, "ada"))
    cells = kept(course, "ada")
    (output,) = cells["check-decoder"].outputs
    assert output.data == {
        "text/plain": "report on check-decoder",
        "text/html": "<p>report on <b>check-decoder</b></p>",
    }
    assert cells["encode"].outputs[0].text.startswith("output")
    assert "2082" not in cells["check-decoder"].source


def test_nothing_but_outputs_is_taken_from_what_came_back(recorder: Recorder, course: Course) -> None:
    prepared, result = judged(recorder, "ada", answered("mine"))
    forged = nbformat.reads(result.notebook.decode(), as_version=4)
    for cell in forged.cells:
        cell.source += "\n# forged"
        cell.metadata = {"nbgrader": {"points": 1000}}
    recorder.save(prepared, replace(result, notebook=nbformat.writes(forged).encode()))
    cells = kept(course, "ada")
    assert cells["reflection-patience"].source == "mine"
    assert cells["check-decoder"].metadata.nbgrader.points == 11
    assert cells["encode"].outputs == []


@pytest.mark.parametrize("returned", [b"", b"{}", b"[]", b'{"nbformat": 4, "cells": 3}', b"\xff"])
def test_a_notebook_that_came_back_broken_costs_its_outputs_alone(
    recorder: Recorder, course: Course, returned: bytes
) -> None:
    prepared, result = judged(recorder, "ada")
    recorder.save(prepared, replace(result, notebook=returned))
    assert kept(course, "ada")["check-decoder"].outputs
    assert scores(course)["ada", "check-decoder"][0] is not None


def test_what_a_student_wrote_as_text_does_nothing(recorder: Recorder, course: Course) -> None:
    evil = '<script>alert(1)</script> <img src=x onerror="alert(1)"> <b onclick="x">b</b> <details>fine</details> a < b'
    notebook = answered(evil)
    notebook.cells.append(nbformat.v4.new_raw_cell("<script>alert(2)</script>"))
    recorder.save(*judged(recorder, "ada", notebook))
    text = kept(course, "ada")["reflection-patience"].source
    assert "<script" not in text
    assert "<img" not in text
    assert "<b onclick" not in text
    assert "<details>fine</details> a < b" in text
    content = (course.root / "autograded" / "ada" / LAB / f"{LAB}.ipynb").read_text()
    assert "<script" not in content


def test_a_mark_that_a_person_gave_stays_and_asks_to_be_looked_at(recorder: Recorder, course: Course) -> None:
    prepared, result = judged(recorder, "ada", answered())
    recorder.save(prepared, result)
    with Gradebook(course.db_url) as book:
        for name, score in (("check-encode", 3.5), ("reflection-patience", 2.0)):
            grade = book.find_grade(name, LAB, LAB, "ada")
            grade.manual_score, grade.needs_manual_grade = score, False
        book.find_comment("reflection-patience", LAB, LAB, "ada").manual_comment = "well said"
        book.db.commit()
    recorder.save(prepared, result)
    found = scores(course)
    assert found["ada", "check-encode"][1:] == (3.5, True)
    assert found["ada", "reflection-patience"] == (None, 2.0, True)
    with Gradebook(course.db_url) as book:
        assert book.find_comment("reflection-patience", LAB, LAB, "ada").comment == "well said"


def test_an_open_mark_waits_for_a_person_with_the_reason_before_them(recorder: Recorder, course: Course) -> None:
    prepared, result = judged(recorder, "ada")
    undecided = tuple(mark_of(question, undecided=True) for question in prepared.job.questions)
    recorder.save(prepared, replace(result, marks=undecided))
    assert scores(course)["ada", "check-decoder"] == (None, None, True)
    with Gradebook(course.db_url) as book:
        comment = book.find_comment("decoder", LAB, LAB, "ada").comment
    assert comment == "No response. the machine was too busy"


@pytest.mark.parametrize("points", [-1.0, 12.0, float("nan"), float("inf")])
def test_points_that_can_not_be_go_to_a_person(recorder: Recorder, course: Course, points: float) -> None:
    prepared, result = judged(recorder, "ada")
    recorder.save(prepared, replace(result, marks=(*result.marks[:1], replace(result.marks[1], points=points))))
    found = scores(course)
    assert found["ada", "check-decoder"] == (None, None, True)
    assert found["ada", "check-serve"] == (None, None, True)  # it had no mark at all


def test_a_refused_submission_earns_nothing_and_says_why(recorder: Recorder, course: Course) -> None:
    submit(course, "ada", notebook=b"{")
    refused = prepare(recorder.source, "ada")
    assert isinstance(refused, Refused)
    recorder.refuse(refused)
    assert {score for (student, _), score in scores(course).items() if student == "ada"} == {(0.0, None, False)}
    cells = nbformat.read(course.root / "autograded" / "ada" / LAB / f"{LAB}.ipynb", as_version=4).cells
    assert "The notebook is not valid JSON" in cells[0].source
    assert recorded(course)["ada"].refused == refused.reason


def test_the_folder_holds_the_files_of_this_submission_and_no_others(recorder: Recorder, course: Course) -> None:
    folder = submit(course, "ada")
    (folder / "data").mkdir()
    (folder / "data" / "old.csv").write_text("1")
    (folder / "timestamp.txt").write_text("2026-10-12 10:00:00 UTC")
    recorder.save(*judged(recorder, "ada"))
    (folder / "data" / "old.csv").unlink()
    (folder / "data").rmdir()
    (folder / "data").write_text("now a file")
    recorder.save(*judged(recorder, "ada"))
    there = course.root / "autograded" / "ada" / LAB
    assert {path.name for path in there.rglob("*")} == {f"{LAB}.ipynb", "data", "do.txt", "timestamp.txt"}
    assert (there / "data").read_text() == "now a file"
    assert (there / f"{LAB}.ipynb").stat().st_mode & 0o777 == 0o444
    with Gradebook(course.db_url) as book:
        assert str(book.find_submission(LAB, "ada").timestamp) == "2026-10-12 10:00:00"


def test_a_timestamp_that_can_not_be_read_is_told(recorder: Recorder, course: Course) -> None:
    folder = submit(course, "ada")
    (folder / "timestamp.txt").write_text("soon")
    prepared, result = judged(recorder, "ada")
    recorder.save(prepared, result)
    assert recorded(course)["ada"].notes == ("Its timestamp.txt can't be read: it counts as handed in on time.",)
    assert not (course.root / "autograded" / "ada" / LAB / "timestamp.txt").exists()


def test_recording_twice_changes_nothing(recorder: Recorder, course: Course) -> None:
    prepared, result = judged(recorder, "ada", answered())
    recorder.save(prepared, result)
    once = (scores(course), recorded(course))
    recorder.save(prepared, result)
    assert (scores(course), recorded(course)) == once


def test_the_gradebook_is_told_of_the_lab_once_and_again_when_it_changes(course: Course, book: Book) -> None:
    notebook = nbformat.read(course.root / "solutions" / LAB / f"{LAB}.ipynb", as_version=4)
    changed = copy.deepcopy(notebook)
    next(cell for cell in changed.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "check-encode")[
        "metadata"
    ]["nbgrader"]["points"] = 5
    nbformat.write(changed, course.root / "solutions" / LAB / f"{LAB}.ipynb")
    with open_source(course, LAB) as source:
        register(source, book)
    with Gradebook(course.db_url) as stock:
        assert stock.find_grade_cell("check-encode", LAB, LAB).max_score == 5
