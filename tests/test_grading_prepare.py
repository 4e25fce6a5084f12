"""Whatever is handed in becomes a job whose locked cells are the instructor's, or a sentence that says why not."""

import copy
import json
import os
import random
import socket
import string
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from grading_course import LAB, make_course, released, submit
from nbformat import NotebookNode

from autograder.grading import reading
from autograder.grading.course import Course, CourseError, open_course
from autograder.grading.prepare import Prepared, Refused, prepare
from autograder.grading.questions import questions_of, seed_for
from autograder.grading.source import Source, open_source

pytestmark = pytest.mark.grading
MANY = b'{"nbformat": 4, "cells": [' + b"{}," * 1500 + b"{}]}"
LOCKED = ("check-encode", "check-decoder", "check-exchange", "check-serve")
KNOWN = {*LOCKED, "encode", "decoder", "exchange", "serve"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("prepare"))


@pytest.fixture(scope="module")
def source(course: Course) -> Iterator[Source]:
    with open_source(course, LAB) as source:
        yield source


@pytest.fixture
def student(request: pytest.FixtureRequest) -> str:
    """A name of its own for each test."""
    return "".join(letter for letter in request.node.name if letter in string.ascii_letters)[:100]


def prepared(source: Source, student: str) -> tuple[NotebookNode, Prepared]:
    """A job, and its notebook, which must be sound whatever was handed in."""
    found = prepare(source, student)
    assert isinstance(found, Prepared), found.reason
    notebook = nbformat.reads(found.job.notebook.decode(), as_version=4)
    nbformat.validate(notebook)
    cells = {name: cell for cell in notebook.cells if (name := cell.metadata.get("nbgrader", {}).get("grade_id"))}
    for name, cell in source.released_cells.items():
        if cell.metadata.nbgrader.locked:
            assert cells[name].source == cell.source
            assert cells[name].metadata.nbgrader.points == cell.metadata.nbgrader.points
    return notebook, found


def refused(source: Source, student: str) -> str:
    found = prepare(source, student)
    assert isinstance(found, Refused)
    return found.reason


def cell_of(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name)


def test_an_unchanged_release_is_a_job_with_nothing_to_tell(course: Course, source: Source, student: str) -> None:
    submit(course, student)
    notebook, found = prepared(source, student)
    assert found.notes == ()
    assert [cell.source for cell in notebook.cells] == [cell.source for cell in released().cells]


def test_no_hidden_test_is_in_a_job(course: Course, source: Source, student: str) -> None:
    submit(course, student)
    _, found = prepared(source, student)
    assert b"2081, 2" not in found.job.notebook
    assert b"HIDDEN" not in found.job.notebook


def test_a_deleted_test_cell_is_put_back_after_its_task(course: Course, source: Source, student: str) -> None:
    notebook = released()
    notebook.cells.remove(cell_of(notebook, "check-decoder"))
    submit(course, student, notebook=notebook)
    restored, found = prepared(source, student)
    names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in restored.cells]
    assert names.index("check-decoder") == names.index("decoder") + 1
    assert found.notes == ("The cell check-decoder was missing, and was put back.",)


def test_an_edited_test_cell_is_restored(course: Course, source: Source, student: str) -> None:
    notebook = released()
    cell_of(notebook, "check-decoder").source = "30"
    submit(course, student, notebook=notebook)
    _, found = prepared(source, student)
    assert found.notes == ("The cell check-decoder was changed, and was restored.",)


@pytest.mark.parametrize(
    "settings",
    [
        {"points": 1000}, {"grade": False}, {"locked": False}, {"solution": True}, {"schema_version": 1},
        {"schema_version": 99}, {"schema_version": "x"}, {"task": True}, {"checksum": "0"}, {"cell_type": "markdown"},
        {"points": "many"}, {"points": None}, {"more": {"of": "it"}},
    ],
    ids=str,
)  # fmt: skip
def test_changed_settings_are_the_instructors_again(
    course: Course, source: Source, student: str, settings: dict[str, object]
) -> None:
    notebook = released()
    for name in ("check-decoder", "decoder", "reflection-limit"):
        cell_of(notebook, name).metadata.nbgrader.update(settings)
    submit(course, student, notebook=json.dumps(notebook).encode())
    prepared(source, student)


def test_a_cell_of_another_kind_is_turned_back(course: Course, source: Source, student: str) -> None:
    notebook = released()
    for name, kind in (("check-decoder", "markdown"), ("reflection-limit", "code"), ("encode", "raw")):
        cell_of(notebook, name)["cell_type"] = kind
    submit(course, student, notebook=json.dumps(notebook).encode())
    turned, found = prepared(source, student)
    assert cell_of(turned, "check-decoder").cell_type == "code"
    assert cell_of(turned, "reflection-limit").cell_type == "markdown"
    assert cell_of(turned, "encode").source == cell_of(released(), "encode").source
    assert len(found.notes) == 3


def test_of_several_cells_with_one_name_the_last_counts(course: Course, source: Source, student: str) -> None:
    notebook = released()
    again = copy.deepcopy(cell_of(notebook, "encode"))
    again.source, again.id = "def encode(message): return b''", "another"
    notebook.cells.append(again)
    submit(course, student, notebook=notebook)
    single, found = prepared(source, student)
    assert cell_of(single, "encode").source == again.source
    assert found.notes == ("Several cells are called encode: the last one counts.",)


def test_a_cell_of_an_unknown_name_is_a_plain_one(course: Course, source: Source, student: str) -> None:
    notebook = released()
    extra = nbformat.v4.new_code_cell("1 / 0")
    extra.metadata.nbgrader = cell_of(notebook, "check-serve").metadata.nbgrader | {"grade_id": "my-own", "points": 99}
    notebook.cells.append(extra)
    submit(course, student, notebook=notebook)
    plain, _ = prepared(source, student)
    assert "nbgrader" not in plain.cells[-1].metadata


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The notebook is not valid JSON: it ends or is broken in line 1."),
        (b'{"cells": [', "The notebook is not valid JSON: it ends or is broken in line 1."),
        (b"\xff\xfe\x00", "The notebook is not text in UTF-8: it is damaged."),
        (b"[]", "The file is not a notebook: it holds something else."),
        (b"[" * 100_000, "The notebook is not valid JSON that can be read: it is damaged."),
        (b'{"cells": ' + b"9" * 5000 + b"}", "The notebook is not valid JSON that can be read: it is damaged."),
        (b'{"nbformat": 4}', "The notebook has no list of cells: it is damaged. Save it again in JupyterLab."),
        (b'{"nbformat": "x"}', "The notebook says that its format is x: version 4 can be read."),
        (b'{"nbformat": 7, "cells": []}', "The notebook says that its format is 7: version 4 can be read."),
        (MANY, "The notebook has 1,501 cells; 1,000 are read at most."),
        (b" " * (reading.NOTEBOOK + 1), f"{LAB}.ipynb is too large: 16,777,216 bytes are read at most."),
    ],
    ids=range(11),
)  # fmt: skip
def test_what_is_no_notebook_is_refused_in_a_sentence(
    course: Course, source: Source, student: str, content: bytes, said: str
) -> None:
    submit(course, student, notebook=content)
    assert refused(source, student) == said


def test_a_missing_notebook_is_told_with_those_that_are_there(course: Course, source: Source, student: str) -> None:
    folder = submit(course, student)
    (folder / f"{LAB}.ipynb").rename(folder / "mine.ipynb")
    assert refused(source, student) == (
        f"There is no {LAB}.ipynb in the submission. It has mine.ipynb: keep the name that the lab had."
    )


def test_a_notebook_of_format_3_is_read(course: Course, source: Source, student: str) -> None:
    old = nbformat.convert(released(), 3)
    submit(course, student, notebook=json.dumps(old).encode())
    prepared(source, student)


@pytest.mark.parametrize(
    "cell",
    [
        None, 7, {}, {"cell_type": "heading"}, {"cell_type": "code"}, {"cell_type": "code", "source": 5},
        {"cell_type": "code", "source": ["a", None]}, {"cell_type": "code", "source": "x", "metadata": []},
        {"cell_type": "code", "source": "\ud800\x00", "outputs": "none", "execution_count": "x"},
        {"cell_type": "markdown", "source": "x", "metadata": {"nbgrader": []}},
        {"cell_type": "markdown", "source": "x", "metadata": {"nbgrader": {"grade_id": ["encode"]}}},
        {"cell_type": "markdown", "source": "x", "attachments": {"a.png": {"text/html": "<script>"}}},
        {"cell_type": "raw", "source": "<p>", "metadata": {"raw_mimetype": "text/html", "tags": ["a\"b", "c", "c"]}},
        {"cell_type": "code", "source": "x", "id": "not an id!"}, {"cell_type": "code", "source": "x", "id": 9},
    ],
    ids=range(15),
)  # fmt: skip
def test_a_broken_cell_stops_nothing(course: Course, source: Source, student: str, cell: object) -> None:
    raw = json.loads(nbformat.writes(released()))
    raw["cells"].insert(3, cell)
    raw["metadata"] = {"kernelspec": {"name": "bash"}, "language_info": 3}
    submit(course, student, notebook=json.dumps(raw).encode())
    notebook, found = prepared(source, student)
    assert notebook.metadata.kernelspec.name == "python3"
    assert b"text/html" not in found.job.notebook


def test_whatever_is_broken_in_a_notebook_nothing_is_raised(
    course: Course, source: Source, student: str, count: Callable[[int, int], int]
) -> None:
    whole = json.loads(nbformat.writes(released()))
    for seed in range(count(25, 500)):
        choose = random.Random(seed)
        raw = copy.deepcopy(whole)
        for _ in range(choose.randint(1, 6)):
            _break(choose, raw)
        submit(course, student, notebook=json.dumps(raw).encode())
        found = prepare(source, student)
        if isinstance(found, Refused):
            assert "could not be made ready" not in found.reason, f"seed {seed}"
        else:
            prepared(source, student)


def _break(choose: random.Random, raw: object) -> None:
    """Put something else in some place of a notebook."""
    while isinstance(raw, dict | list) and raw:
        key = choose.choice(list(raw) if isinstance(raw, dict) else range(len(raw)))
        inside = raw[key]
        if not isinstance(inside, dict | list) or choose.random() < 0.2:
            raw[key] = choose.choice([None, 3, -1.5, "x", [], {}, ["y"], {"nbgrader": {}}, True, "encode", "code"])
            return
        raw = inside


def test_other_files_are_kept_and_the_instructors_come_back(course: Course, student: str) -> None:
    (course.root / "solutions" / LAB / "given.txt").write_text("as it was")
    try:
        with open_source(course, LAB) as source:
            folder = submit(course, student)
            (folder / "given.txt").write_text("as it should not be")
            (folder / "data").mkdir()
            (folder / "data" / "ünï code.csv").write_text("1,2")
            (folder / "timestamp.txt").write_text("2026-10-12 10:00:00 UTC")
            _, found = prepared(source, student)
    finally:
        (course.root / "solutions" / LAB / "given.txt").unlink()
    files = dict(found.job.files)
    assert files["given.txt"] == b"as it was"
    assert files["data/ünï code.csv"] == b"1,2"
    assert found.timestamp == "2026-10-12 10:00:00 UTC"
    assert not [name for name in files if name.endswith(".ipynb") or name == "timestamp.txt"]


def test_links_and_devices_and_pipes_are_left_out(course: Course, source: Source, student: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the solution")
    folder = submit(course, student)
    (folder / "link.txt").symlink_to(secret)
    (folder / "folder").symlink_to(tmp_path)
    (folder / "null").symlink_to("/dev/null")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(folder)
        listener.bind("socket")
        os.chdir("/")
        _, found = prepared(source, student)
    assert not {"link.txt", "folder/secret.txt", "null", "pipe", "socket"} & dict(found.job.files).keys()
    assert "Left out: link.txt is a symbolic link, and those are not followed." in found.notes
    assert "Left out: pipe is not a plain file." in found.notes


@pytest.mark.parametrize("what", ["notebook", "lab", "student"])
def test_a_link_in_place_of_a_submission_is_not_followed(
    course: Course, source: Source, student: str, tmp_path: Path, what: str
) -> None:
    folder = submit(course, f"{student}-honest")
    mine = course.root / "submitted" / student
    if what == "student":
        mine.symlink_to(folder.parent)
    elif what == "lab":
        mine.mkdir()
        (mine / LAB).symlink_to(folder)
    else:
        (mine / LAB).mkdir(parents=True)
        (mine / LAB / f"{LAB}.ipynb").symlink_to(folder / f"{LAB}.ipynb")
    assert "not followed" in refused(source, student)


def test_too_many_and_too_large_files_are_left_out_with_a_note(course: Course, source: Source, student: str) -> None:
    folder = submit(course, student)
    (folder / "large").write_bytes(b"0" * (reading.FILE + 1))
    for number in range(reading.FILES + 50):
        (folder / f"many{number:04}").touch()
    _, found = prepared(source, student)
    assert len(found.job.files) == reading.FILES
    assert "Left out: large is too large: 10,485,760 bytes are read at most." in found.notes
    assert found.notes[-1].startswith("Left out: everything from many0")


def test_a_file_whose_name_is_no_text_is_left_out(course: Course, source: Source, student: str) -> None:
    folder = submit(course, student)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe")).touch()
    (folder / "terminal\x1b[31m").touch()
    _, found = prepared(source, student)
    assert dict(found.job.files).keys() == {"do.txt"}
    assert len(found.notes) == 2


def test_a_student_whose_name_is_no_text_is_set_apart(course: Course, tmp_path: Path) -> None:
    for name in (b"ada", b"\xff", b"red\x1b[31m"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name), LAB).mkdir(parents=True)
    assert reading.submissions(tmp_path, LAB) == ["ada"]
    assert len(reading.unnameable(tmp_path, LAB)) == 2


def test_the_same_content_has_the_same_digest_whenever_it_was_handed_in(course: Course, student: str) -> None:
    folder = submit(course, student)
    first = reading.read_submission(course.root / "submitted", student, LAB, []).digest
    (folder / "timestamp.txt").write_text("2026-10-12 10:00:00 UTC")
    assert reading.read_submission(course.root / "submitted", student, LAB, []).digest == first
    (folder / "do.txt").write_text("something else")
    assert reading.read_submission(course.root / "submitted", student, LAB, []).digest != first


def test_the_questions_are_those_of_the_instructors_source(source: Source) -> None:
    assert [(one.grade_id, one.lab, one.parts, one.points, one.size) for one in source.questions] == [
        ("check-encode", "lab01", ("encode",), 4.0, 2),
        ("check-decoder", "lab01", ("Decoder",), 11.0, 2),
        ("check-exchange", "lab01", ("exchange",), 7.0, 2),
        ("check-serve", "lab01", ("serve",), 8.0, 2),
    ]


def test_a_question_on_one_of_several_parts_says_which() -> None:
    cell = nbformat.v4.new_code_cell('check("lab02", Server, Client, only="Client", seed=seed, size=size)')
    cell.metadata.nbgrader = {"grade": True, "solution": False, "grade_id": "check-client", "points": 16}
    (question,) = questions_of([nbformat.from_dict(cell)], "lab02-exactly-once-calls", b"secret")
    assert (question.parts, question.only, question.size) == (("Server", "Client"), "Client", 2)


def test_a_graded_cell_that_asks_nothing_is_the_instructors_mistake() -> None:
    cell = nbformat.v4.new_code_cell("assert encode('a')")
    cell.metadata.nbgrader = {"grade": True, "solution": False, "grade_id": "old-style", "points": 1}
    with pytest.raises(CourseError, match="the graded cell 'old-style' has 0 calls of check"):
        questions_of([nbformat.from_dict(cell)], LAB, b"secret")


def test_seeds_come_of_the_secret_and_of_where_they_are_used() -> None:
    seeds = {seed_for(lab, cell, secret) for lab in "ab" for cell in "cd" for secret in (b"e", b"f")}
    assert len(seeds) == 8
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_the_secret_is_made_once_and_is_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DS101_SECRET", raising=False)
    make_course(tmp_path / "course")
    first, second = open_course(tmp_path / "course").secret, open_course(tmp_path / "course" / "labs").secret
    assert first == second
    assert len(first) == 64
    assert (tmp_path / "course" / "grading_secret").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("DS101_SECRET", "of my own")
    assert open_course(tmp_path / "course").secret == b"of my own"
