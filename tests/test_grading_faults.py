"""Faults of our own: whatever ends a run, no mark is lost, doubled or changed; the next run says what it resumed."""

import fcntl
import os
import random
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from grading_course import LAB, ROOT, calls, make_course, recorded, run, scores, submit, wait_for
from sqlalchemy import event
from sqlalchemy.engine import Engine

from autograder.grading import book
from autograder.grading.book import BookError, open_book
from autograder.grading.course import Course, CourseError, open_course
from autograder.grading.folders import FolderError
from autograder.grading.grade import LOCK

pytestmark = [pytest.mark.grading, pytest.mark.timeout(1200)]
STUDENTS = 6


@pytest.fixture(scope="module")
def expected(secret: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float | None]:
    """The marks of an undisturbed run: they follow from the secret."""
    course = make_course(tmp_path_factory.mktemp("undisturbed") / "course")
    submit(course, "ada")
    run(course)
    return {name: score for (_, name), (score, _, _) in scores(course).items()}


@pytest.fixture(scope="module", autouse=True)
def secret() -> Iterator[None]:
    """The same seeds in every course of this module."""
    patch = pytest.MonkeyPatch()
    patch.setenv("DS101_SECRET", "the same in all these courses")
    yield
    patch.undo()


@pytest.fixture
def course(secret: None, tmp_path: Path) -> Course:
    course = make_course(tmp_path / "course")
    for number in range(STUDENTS):
        submit(course, f"student{number}", do="slow")
    return course


def as_expected(course: Course, expected: dict[str, float | None], students: int = STUDENTS) -> None:
    """Everybody has the marks of an undisturbed run, once."""
    found = scores(course)
    assert len(found) == students * len(expected)
    assert {(name, score) for (_, name), (score, _, _) in found.items()} == set(expected.items())
    assert len(recorded(course)) == students


def start(course: Course) -> subprocess.Popen[str]:
    """`ds101 grade` as a process of its own, in a process group of its own."""
    script = (
        "import sys\nfrom pathlib import Path\n"
        "import grading_course as g\n"
        "from ds101.errors import Ds101Error\n"
        "if __name__ == '__main__':\n"
        "    try:\n"
        "        print(g.run(g.open_course(Path(sys.argv[1])), dask=True)[1])\n"
        "    except Ds101Error as error:\n"
        "        sys.exit(str(error))\n"
    )
    path = course.root / "coordinator.py"
    path.write_text(script)
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'tests'}{os.pathsep}{ROOT}"}
    command = [sys.executable, str(path), str(course.root)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL the coordinator alone; what it started has to end by itself."""
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.kill()
    process.communicate(timeout=60)
    wait_for(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children))


def resumed(said: str) -> int:
    found = re.search(r"(\d+) were graded before \(resumed\)", said)
    return int(found[1]) if found else 0


def test_a_killed_coordinator_loses_nothing_and_doubles_nothing(
    course: Course, expected: dict[str, float | None], count: Callable[[int, int], int]
) -> None:
    kills = count(3, 50)
    for number in range(kills):
        choose = random.Random(number)
        if number:  # begin anew now and then, so that kills fall on all phases
            for student in range(STUDENTS):
                submit(course, f"student{student}", do=f"slow {number // 3}")
        process = start(course)
        already = calls(course)
        wait_for(lambda process=process, already=already: calls(course) > already or process.poll() is not None)
        time.sleep(choose.uniform(0, 0.8))  # the moment is what is drawn
        kill(process)
        for (_, name), (score, _, _) in scores(course).items():
            assert score in (expected[name], None), f"seed {number}"
    done_before = len(_graded_now(course))
    done, said = run(course)
    assert done
    assert resumed(said) == done_before
    as_expected(course, expected)
    assert resumed(run(course)[1]) == STUDENTS


def _graded_now(course: Course) -> list[str]:
    """Who has a mark for what is submitted now."""
    from autograder.grading.reading import read_submission

    def digest(student: str) -> str:
        return read_submission(course.root / "submitted", student, LAB, list(course.directory.ignore)).digest

    return [student for student, one in recorded(course).items() if one.digest == digest(student)]


def test_killed_workers_cost_nobody_a_mark(course: Course, expected: dict[str, float | None]) -> None:
    process = start(course)
    choose = random.Random(7)
    killed = 0
    while process.poll() is None and killed < 3:
        with suppress(psutil.Error):
            workers = [one for one in psutil.Process(process.pid).children(recursive=True) if _is_worker(one)]
            if workers and calls(course):
                choose.choice(workers).send_signal(signal.SIGKILL)
                killed += 1
                seen = calls(course)
                wait_for(lambda seen=seen: calls(course) > seen or process.poll() is not None)
        time.sleep(0.02)
    said, complaints = process.communicate(timeout=300)
    assert process.returncode == 0, complaints
    assert "6 submissions, 6 graded now" in said
    as_expected(course, expected)


def _is_worker(process: psutil.Process) -> bool:
    return "spawn_main" in " ".join(process.cmdline())


def test_a_locked_gradebook_is_one_sentence_and_the_next_run_goes_on(
    course: Course, expected: dict[str, float | None]
) -> None:
    run(course, students=("student0", "student1"))
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text().replace("timeout=60", "timeout=0.5"))
    impatient = open_course(course.root)
    with sqlite3.connect(course.root / "gradebook.db") as lock:
        lock.execute("BEGIN EXCLUSIVE")
        with pytest.raises(BookError, match="is locked by another program: end it, or wait for it") as told:
            run(impatient)
        assert len(str(told.value).splitlines()) == 1
        lock.rollback()
    lock.close()
    done, said = run(impatient)
    assert done
    assert resumed(said) == 2
    as_expected(course, expected)


def test_a_lock_in_the_middle_of_a_run_is_waited_for(course: Course, expected: dict[str, float | None]) -> None:
    with open_book(course):
        pass
    process = start(course)
    wait_for(lambda: calls(course) > 0 or process.poll() is not None)
    lock = sqlite3.connect(course.root / "gradebook.db", timeout=30)
    lock.execute("BEGIN IMMEDIATE")
    seen = len(list((course.root / "autograded").glob("*"))) if (course.root / "autograded").exists() else 0
    wait_for(lambda: len(list((course.root / "autograded").glob("*"))) > seen or process.poll() is not None, 20)
    lock.rollback()
    lock.close()
    _, complaints = process.communicate(timeout=300)
    assert process.returncode == 0, complaints
    as_expected(course, expected)


def test_a_gradebook_that_can_not_be_written_is_one_sentence(course: Course, expected: dict[str, float | None]) -> None:
    run(course, students=("student0",))
    config = course.root / "nbgrader_config.py"
    mine = config.read_text()
    here = "{root / 'gradebook.db'}?"
    config.write_text(mine.replace(f"sqlite:///{here}", f"sqlite:///file:{here}mode=ro&uri=true&"))
    with pytest.raises(BookError, match="can't be written: look at the permissions") as told:
        run(open_course(course.root))
    assert len(str(told.value).splitlines()) == 1
    done, said = run(course)
    assert done
    assert resumed(said) == 1
    as_expected(course, expected)


def test_a_folder_that_can_not_be_written_is_one_sentence(course: Course, expected: dict[str, float | None]) -> None:
    run(course, students=("student0",))
    for number in range(1, STUDENTS):
        (course.root / "autograded" / f"student{number}").write_text("in the way")
    with pytest.raises(FolderError, match="can't be written"):
        run(course)
    for number in range(1, STUDENTS):
        (course.root / "autograded" / f"student{number}").unlink()
    done, said = run(course)
    assert done
    assert resumed(said) == 1
    as_expected(course, expected)


def test_a_disk_that_is_full_of_notebooks_is_one_sentence(course: Course, expected: dict[str, float | None]) -> None:
    """From the fourth submission on, no file may grow past 20,000 bytes: a notebook needs more."""
    for student in ("student3", "student4"):
        submit(course, student, do="full")
    before, heard = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with pytest.raises(FolderError, match=r"can't be written .* make room") as told:
            run(course)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, heard)
    assert len(str(told.value).splitlines()) == 1
    for student in ("student3", "student4"):
        submit(course, student)
    done, said = run(course)
    assert done
    assert resumed(said) == 3
    as_expected(course, expected)


def test_a_disk_that_is_too_full_for_the_gradebook_is_one_sentence(
    course: Course, expected: dict[str, float | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(course, students=("student0",))
    made = book._engine

    def small(db_url: str) -> Engine:
        engine = made(db_url)

        @event.listens_for(engine, "connect")
        def connect(connection: sqlite3.Connection, _: object) -> None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")

        return engine

    with monkeypatch.context() as patch:
        patch.setattr(book, "_engine", small)
        with pytest.raises(BookError, match="is full: make room") as told:
            run(course)
    assert len(str(told.value).splitlines()) == 1
    before = len(recorded(course))
    done, said = run(course)
    assert done
    assert resumed(said) == before
    as_expected(course, expected)


def test_two_runs_at_once_are_refused_in_a_sentence(course: Course) -> None:
    with (course.root / LOCK).open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(CourseError, match="Another run of  ds101 grade  is at work in this clone"):
            run(course)
    assert run(course)[0]


def test_an_interrupt_is_one_sentence_and_the_next_run_goes_on(
    course: Course, expected: dict[str, float | None]
) -> None:
    process = start(course)
    wait_for(lambda: calls(course) > 1 or process.poll() is not None)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: everybody gets it
    _, complaints = process.communicate(timeout=120)
    assert process.returncode == 1
    assert complaints.strip().startswith("Stopped. ")
    assert len(complaints.strip().splitlines()) == 1, complaints
    before = len(recorded(course))
    assert resumed(run(course)[1]) == before
    as_expected(course, expected)
