"""A class is graded on a local Dask cluster: nobody's submission changes another's mark, and nothing is done twice."""

import io
from pathlib import Path

import pytest
from grading_course import calls, make_course, recorded, released, run, scores, submit

from autograder.commands import asked
from autograder.grading.book import BookError, open_book
from autograder.grading.cluster import ClusterError
from autograder.grading.course import Course, CourseError, open_course
from autograder.grading.doctor import examine
from autograder.grading.grade import Stopped

pytestmark = [pytest.mark.grading, pytest.mark.timeout(300)]
LAB = "lab01-framing"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path / "course")


def test_sixty_submissions_among_them_bad_ones(course: Course) -> None:
    bad = {"dies": "die always", "died": "die", "raises": "raise always", "raised": "raise", "open": "open always",
           "opened": "open"}  # fmt: skip
    honest = [f"student{number:02}" for number in range(52)]
    for student in honest:
        submit(course, student)
    for student, wish in bad.items():
        submit(course, student, do=wish)
    submit(course, "broken", notebook=b"{")
    (course.root / "submitted" / "absent" / LAB).mkdir(parents=True)

    done, said = run(course, dask=True, workers=3)

    assert done
    assert "lab01-framing: 60 submissions, 58 graded now, 2 could not be run." in said
    marks = {
        one: {name: mark.points for name, mark in graded.marks.items()} for one, graded in recorded(course).items()
    }
    good = marks["student00"]
    assert None not in good.values()
    for student in (*honest, "died", "raised", "opened"):
        assert marks[student] == good, student
    assert set(marks["broken"].values()) == set(marks["absent"].values()) == {0.0}
    assert set(marks["dies"].values()) == set(marks["raises"].values()) == {None}
    assert marks["open"] == good | {"check-encode": None}
    assert "the process that graded it ended" in recorded(course)["dies"].marks["check-serve"].reason
    assert "ValueError: the judge has a bug" in recorded(course)["raises"].marks["check-serve"].reason
    assert {student: calls(course, student) for student in bad} == dict.fromkeys(bad, 2)
    assert sum(calls(course, student) for student in honest) == len(honest)
    _nothing_is_left_of(course, "lab01-framing: 60 submissions, 0 graded now, 60 were graded before (resumed).")


def _nothing_is_left_of(course: Course, said: str) -> None:
    """A second run does nothing, and says so."""
    before = (scores(course), recorded(course), calls(course))
    done, told = run(course)
    assert done
    assert said in told
    assert (scores(course), recorded(course), calls(course)) == before


def test_a_submission_that_never_ends_is_given_up_and_the_others_are_not(course: Course) -> None:
    submit(course, "endless", do="hang always")
    submit(course, "ada")
    done, _ = run(course, dask=True, deadline=15.0)
    assert done
    graded = recorded(course)
    assert {mark.points for mark in graded["endless"].marks.values()} == {None}
    assert "it was not done after 15 s" in graded["endless"].marks["check-serve"].reason
    assert None not in {mark.points for mark in graded["ada"].marks.values()}


def test_what_is_handed_in_again_is_graded_again(course: Course) -> None:
    submit(course, "ada")
    submit(course, "bob")
    run(course)
    submit(course, "bob", do="other")
    _, said = run(course)
    assert "2 submissions, 1 graded now, 1 were graded before (resumed)" in said
    assert {mark.points for mark in recorded(course)["bob"].marks.values()} == {0.0}


def test_a_notebook_that_was_removed_from_autograded_is_made_again(course: Course) -> None:
    submit(course, "ada")
    run(course)
    path = course.root / "autograded" / "ada" / LAB / f"{LAB}.ipynb"
    path.unlink()
    run(course)
    assert path.is_file()
    assert calls(course, "ada") == 2


def test_a_regrade_repeats_the_seeds_that_were_kept_and_shows_what_it_would_change(course: Course) -> None:
    submit(course, "ada")
    submit(course, "bob")
    run(course)
    before, stock = recorded(course), scores(course)
    (course.root / "grading_secret").unlink()  # another machine, another secret

    done, said = run(course, students=("ada",), yes=False)
    assert done
    assert "No mark changes." in said
    assert recorded(course)["ada"].marks == before["ada"].marks
    assert (calls(course, "ada"), calls(course, "bob")) == (2, 1)

    submit(course, "ada", do="other")
    asked: list[str] = []
    with pytest.raises(Stopped, match="Nothing was written"):
        run(course, students=("ada",), ask=lambda question: bool(asked.append(question)))
    assert asked == ["4 marks change. Write them?"]
    assert (recorded(course), scores(course)) == (before | {"ada": recorded(course)["ada"]}, stock)

    _, said = run(course, again=True, yes=True)
    assert "What would change" in said
    assert "first: holds → broken" in said
    assert {mark.points for mark in recorded(course)["ada"].marks.values()} == {0.0}
    assert recorded(course)["bob"].marks == before["bob"].marks


def test_the_first_grade_of_one_student_asks_nothing(course: Course) -> None:
    submit(course, "ada")
    submit(course, "bob")
    done, said = run(course, students=("ada",))
    assert done
    assert "What would change" not in said
    assert set(recorded(course)) == {"ada"}


def test_a_question_that_asks_something_else_is_asked_again(course: Course) -> None:
    submit(course, "ada")
    run(course)
    with open_book(course) as book, book.changing() as session:
        session.connection().exec_driver_sql('UPDATE ds101_marks SET question = \'["lab01", ["encode"], "", 3.0]\'')
    run(course)
    assert calls(course, "ada") == 2


def test_who_has_not_submitted_is_told(course: Course) -> None:
    with pytest.raises(CourseError, match="Nobody has submitted lab01-framing: submissions stand in "):
        run(course)
    submit(course, "ada")
    with pytest.raises(CourseError, match="bob has not submitted lab01-framing"):
        run(course, students=("bob",))


def test_a_scheduler_that_is_not_there_is_told(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.grading.cluster.PATIENCE", 1)
    submit(course, "ada")
    with pytest.raises(ClusterError, match="There is no Dask scheduler at tcp://"):
        run(course, dask=True, scheduler="tcp://127.0.0.1:9")


def test_an_existing_cluster_is_used(course: Course) -> None:
    from distributed import LocalCluster

    submit(course, "ada")
    # Whoever grades on this machine meanwhile has Dask's usual port.
    with LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster:
        done, _ = run(course, dask=True, scheduler=cluster.scheduler_address)
    assert done
    assert calls(course, "ada") == 1


def test_a_name_with_markup_or_a_formula_is_shown_as_it_is(course: Course) -> None:
    for student in ("[red]ada", "=1+1", "Ünal Ö'Neil"):
        submit(course, student)
    _, said = run(course)
    for student in ("[red]ada", "=1+1", "Ünal Ö'Neil"):
        assert student in said


def test_a_folder_whose_name_is_no_text_is_told_in_the_table(course: Course) -> None:
    submit(course, "ada")
    (course.root / "submitted" / "red\x1b[31m" / LAB).mkdir(parents=True)
    done, said = run(course)
    assert done
    assert "rename the folder" in said
    assert "\x1b[31m" not in said


def test_who_waits_for_a_person_is_counted(course: Course) -> None:
    answered = released()
    cell = next(one for one in answered.cells if one.metadata.get("nbgrader", {}).get("grade_id") == "reflection-limit")
    cell.source = "Because a peer may announce anything."
    submit(course, "ada", notebook=answered)
    submit(course, "bob")
    assert "1 waits for a person: in JupyterLab, Nbgrader → Formgrader → Manual Grading." in run(course)[1]
    assert "for a person:" not in run(course, students=("bob",), yes=True)[1]


def test_a_regrade_that_nobody_answers_says_how_to_do_without(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert not asked("3 marks change. Write them?")
    assert "Where nobody is there to give one, add  --yes." in capsys.readouterr().err


def test_a_database_without_its_driver_says_what_to_install(course: Course) -> None:
    submit(course, "ada")
    course.config.CourseDirectory.db_url = "postgresql+pg8000://teacher:secret@127.0.0.1/ds101"
    with pytest.raises(BookError, match=r"needs pg8000, which is not installed: run  \.venv/bin/pip install pg8000"):
        run(course)


def test_what_is_the_instructors_own_is_read_from_a_file_that_no_version_overwrites(course: Course) -> None:
    (course.root / "my_course.py").write_text(
        "c = get_config()\nc.Ds101.workers = 7\nc.Ds101.isolation = 'container'\n"
    )
    again = open_course(course.root)
    assert (again.setting("workers", None), again.isolation) == (7, "container")
    assert any("run outside the sandbox all the same" in told for good, told in examine(again) if not good)
    submit(again, "ada")
    assert "They ran without the sandbox: c.Ds101.isolation is 'container'." in run(again)[1]
    assert again.config.SandboxProvisioner.isolation == "container"  # in nbgrader's own commands too
    assert course.config.SandboxProvisioner.isolation == "bubblewrap"


def test_where_no_sandbox_can_be_built_nobody_gets_a_mark_and_the_reason_is_told_once(course: Course) -> None:
    for student in ("ada", "bob", "cyd"):
        submit(course, student, do="unsafe")
    with pytest.raises(ClusterError, match=r"^bubblewrap is not installed\. What was recorded is safe"):
        run(course, dask=True)
    assert recorded(course) == {}
