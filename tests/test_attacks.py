"""Attacks on grading through the whole pipeline, between honest submissions: each gets what it deserves, no more."""

import csv
import fcntl
import html
import io
import json
import os
import re
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from attacked import HONEST, LAB, LIMITS, Class, graded_class, listener
from grading_course import ROOT, scores

from autograder.attacks import Attack, Scene, attacks, names
from autograder.attacks.attack import MARK, secrets
from autograder.attacks.readers import LIVE
from autograder.execute import close_host, execute
from autograder.grading.export import export
from autograder.grading.questions import questions_of
from autograder.jobs import Job, Limits

pytestmark = [pytest.mark.grading, pytest.mark.sandbox, pytest.mark.timeout(1800)]
NOWHERE = Scene(Path("/nowhere"), 1)
LONG = [attack.name for attack in attacks(NOWHERE) if not attack.short]
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e]|\x1b(?!\[[0-9;]*m)")
SCRIPTS = ("image/svg+xml", "application/javascript", "text/markdown", "application/vnd.jupyter.widget-view+json")


class Attacked(Class):
    """What came of a class, with who was in it."""

    by_name: dict[str, Attack]
    began: float


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    """A class in which most attack, graded as `ds101 grade` does."""
    root, began = tmp_path_factory.mktemp("attacked") / "course", time.time()
    with listener() as (port, came):
        chosen = attacks(Scene(root, port))
        found = graded_class(root, chosen, told=True)
        made = Attacked(found.course, found.graded, found.printed, list(came))
    made.by_name, made.began = {one.name: one for one in chosen}, began
    return made


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """The honest ones alone."""
    return graded_class(tmp_path_factory.mktemp("quiet") / "course", ())


def student(attack: Attack) -> str:
    return attack.student or attack.name


def handed_in(attacked: Attacked) -> list[str]:
    return [*HONEST, *(student(one) for one in attacked.by_name.values() if one.short)]


@pytest.mark.parametrize("name", [name for name in names() if name not in LONG])
def test_an_attack_gets_what_it_deserves_and_a_reason(attacked: Attacked, name: str) -> None:
    attack = attacked.by_name[name]
    one = attacked.graded[student(attack)]
    told = attacked.read_by(student(attack))
    assert {check: mark.points for check, mark in one.marks.items()} == {c: attack.points(c) for c in one.marks}, told
    assert re.search(attack.reads, told, re.DOTALL), told
    assert all(len(words) < 3_000 for words in (one.refused, *one.notes, *(mark.reason for mark in one.marks.values())))


@pytest.mark.parametrize("name", LONG)
def test_an_attack_on_the_rest_of_the_lab_too(name: str) -> None:
    attack = next(one for one in attacks(NOWHERE) if one.name == name)
    source = nbformat.read(ROOT / "solutions" / LAB / f"{LAB}.ipynb", as_version=4)
    asked = [replace(one, size=1) for one in questions_of(source.cells, LAB, b"") if one.grade_id in attack.aims]
    content = nbformat.writes(attack.submission().notebook).encode()
    try:
        result = execute(Job(name, LAB, content, (), tuple(asked), Limits(**LIMITS)))  # type: ignore[arg-type]
    finally:
        close_host()
    (mark,) = result.marks
    assert (mark.points, bool(re.search(attack.reads, mark.text))) == (0.0, True), mark.text


def test_honest_marks_are_what_they_are_without_attackers(attacked: Attacked, quiet: Class) -> None:
    for honest in HONEST:
        assert repr(attacked.graded[honest].marks) == repr(quiet.graded[honest].marks)
        assert attacked.graded[honest].notes == quiet.graded[honest].notes == ()
        assert reports(attacked, honest) == reports(quiet, honest)
    mine, theirs = scores(attacked.course), scores(quiet.course)
    assert {key: mine[key] for key in theirs} == theirs


def reports(of: Class, name: str) -> list[Any]:
    return [output for output in of.outputs(name) if "of 4 points" in str(output) or "of 11 points" in str(output)]


def test_everybody_has_a_mark(attacked: Attacked) -> None:
    assert sorted(attacked.graded) == sorted(handed_in(attacked))
    assert all(mark.points is not None for one in attacked.graded.values() for mark in one.marks.values())
    assert not CONTROL.search(attacked.printed)


def test_nobody_reached_anything(attacked: Attacked) -> None:
    assert attacked.reached == []
    for name in handed_in(attacked):
        assert "REACHED" not in json.dumps(attacked.outputs(name)), name


def test_nothing_survives(attacked: Attacked) -> None:
    mine = [one for one in psutil.Process().children(recursive=True) if one.create_time() > attacked.began]
    assert not [one for one in mine if "resource_tracker" not in " ".join(one.cmdline())]  # Python's own stays
    left = [
        one.info["pid"]
        for one in psutil.process_iter(["pid", "cmdline"])
        if MARK in " ".join(one.info["cmdline"] or ())
    ]
    assert not left
    with socket.socket() as one:
        assert one.connect_ex(("127.0.0.1", 47101)) != 0
    for place in ("/tmp", "/var/tmp", "/dev/shm"):
        assert not [
            path for path in Path(place).glob(f"*{MARK}*") if "test" not in str(path) and "h-attack" not in str(path)
        ]
    assert not [folder for folder in Path("/tmp").glob("ds101-box-*") if is_left(folder, attacked.began)]


def is_left(folder: Path, began: float) -> bool:
    """Whether it was made meanwhile, and nobody uses it."""
    try:
        number = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return began < os.fstat(number).st_mtime < time.time() - 5
    except OSError:
        return False
    finally:
        os.close(number)


def test_no_hidden_test_and_no_solution_is_shown(attacked: Attacked) -> None:
    hidden = secrets()
    for name in handed_in(attacked):
        folder = attacked.course.root / "submitted" / name / LAB
        own = "".join(path.read_text(errors="replace") for path in folder.glob("*.ipynb") if not path.is_symlink())
        seen = strings(attacked.notebook(name)) + "\n" + text_of(attacked.feedback(name))
        shown = {line for line in hidden if line in seen and json.dumps(line)[1:-1] not in own}
        assert not shown, name


def strings(notebook: str) -> str:
    """All text in a notebook."""
    found: list[str] = []

    def walk(one: Any) -> None:
        if isinstance(one, str):
            found.append(one)
        for part in one.values() if isinstance(one, dict) else one if isinstance(one, list) else ():
            walk(part)

    walk(json.loads(notebook or "[]"))
    return "\n".join(found)


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", page))


def test_nothing_that_was_handed_in_runs_where_people_read(attacked: Attacked) -> None:
    plain = len(LIVE.findall(attacked.feedback("blank")))
    for name in handed_in(attacked):
        page = attacked.feedback(name)
        assert page, name
        assert len(LIVE.findall(page)) == plain, name
        assert "\x1b" not in page, name
        for output in attacked.outputs(name):
            data = output.get("data", {})
            assert not set(data) & set(SCRIPTS), name
            assert not LIVE.search(data.get("text/html", "")), name
            shown = [
                data.get("text/plain", ""),
                output.get("text", ""),
                output.get("evalue", ""),
                *output.get("traceback", []),
            ]
            assert not CONTROL.search("\n".join(map(str, shown))), name


def test_a_spreadsheet_runs_no_name(attacked: Attacked) -> None:
    rows = list(csv.reader(io.StringIO(export(attacked.course, LAB))))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert {"'=1+1", 'a,"b'} <= {row[0] for row in rows}
