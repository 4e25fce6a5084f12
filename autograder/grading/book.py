"""nbgrader's gradebook, and two tables of ours beside it: what the judge said, and of which submission.

Every change is one transaction: it is in the gradebook whole, or not at all, at whatever moment the process is killed.
What can go wrong with a database is said in one sentence, as a `BookError`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    select,
)
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DatabaseError, SQLAlchemyError
from sqlalchemy.orm import Session

from autograder.grading.course import Course
from ds101.errors import Ds101Error

ours = MetaData()

SUBMISSIONS = Table(
    "ds101_submissions", ours,
    Column("lab", String(128), primary_key=True),
    Column("student", String(128), primary_key=True),
    Column("digest", String(64), nullable=False),  # of what was handed in
    Column("refused", Text, nullable=False),  # why it could not be run, if so
    Column("notes", JSON, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("recorded", DateTime(), nullable=False),  # UTC
)  # fmt: skip

MARKS = Table(
    "ds101_marks", ours,
    Column("lab", String(128), primary_key=True),
    Column("student", String(128), primary_key=True),
    Column("grade_id", String(128), primary_key=True),
    Column("question", JSON, nullable=False),  # lab, parts and only: what it asked
    Column("points", Float, nullable=True),  # None: a person decides
    Column("most", Float, nullable=False),
    Column("verdicts", JSON, nullable=False),
    Column("reason", Text, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("alone", Boolean, nullable=False),  # judged once more, with nothing beside it
)  # fmt: skip


class BookError(Ds101Error, RuntimeError):
    """The gradebook could not be read or written. Nothing is half done; the same command goes on later."""


@dataclass(frozen=True)
class Kept:
    """The mark of one question, as it was recorded."""

    grade_id: str
    question: list[Any]
    points: float | None
    most: float
    verdicts: tuple[tuple[str, str], ...]
    reason: str
    seed: int
    size: int
    alone: bool


@dataclass(frozen=True)
class Graded:
    """What is recorded of one submission."""

    student: str
    digest: str
    refused: str
    notes: tuple[str, ...]
    seconds: float
    marks: dict[str, Kept]


class Book:
    """The gradebook of a course. `with book.changing() as session:` is one transaction."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.engine = _engine(course.db_url)

    @contextmanager
    def changing(self) -> Iterator[Session]:
        with told(self.course.db_url), Session(self.engine) as session, session.begin():
            yield session

    def graded(self, lab: str, student: str | None = None) -> dict[str, Graded]:
        """What is recorded of a lab, by student."""
        with told(self.course.db_url), self.engine.connect() as connection:
            return {one.student: one for one in _graded(connection, lab, student)}

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def open_book(course: Course) -> Iterator[Book]:
    """The gradebook, made where there is none."""
    with told(course.db_url):
        _add_to_path(Path(sys.executable).parent)  # nbgrader runs `alembic` for a new gradebook
        Gradebook(course.db_url, course.course_id).close()
    with told(course.db_url):
        book = Book(course)
    try:
        with told(course.db_url):
            ours.create_all(book.engine)
        yield book
    finally:
        book.close()


def keep(session: Session, table: Table, row: dict[str, Any]) -> None:
    """Insert a row, or replace the one with the same key."""
    key = [column == row[column.name] for column in table.primary_key]
    session.execute(table.delete().where(*key))
    session.execute(table.insert().values(**row))


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@contextmanager
def told(db_url: str) -> Iterator[None]:
    """Whatever a database complains of, in a sentence."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise BookError(_without_driver(missing.name or "")) from missing
    except DatabaseError as error:
        raise BookError(sentence(db_url, str(error.orig))) from error
    except SQLAlchemyError as error:
        raise BookError(sentence(db_url, str(error).splitlines()[0])) from error


def _without_driver(name: str) -> str:
    """What to install for a database that is no SQLite."""
    package = {"psycopg": "'psycopg[binary]'", "psycopg2": "psycopg2-binary"}.get(name, name)
    return f"The gradebook's db_url needs {name}, which is not installed: run  .venv/bin/pip install {package}"


def sentence(db_url: str, complaint: str) -> str:
    url = make_url(db_url)
    where = url.database if url.drivername.startswith("sqlite") else url.render_as_string(hide_password=True)
    again = "What was recorded before is safe, and the same command goes on from there."
    complaint = " ".join(complaint.split())
    if "locked" in complaint:
        return f"The gradebook {where} is locked by another program: end it, or wait for it. {again}"
    if "readonly" in complaint or "unable to open" in complaint:
        return f"The gradebook {where} can't be written: look at the permissions of the file and its folder. {again}"
    if "full" in complaint or "disk I/O" in complaint:
        return f"The disk of the gradebook {where} is full: make room. {again}"
    return f"The gradebook {where} can't be used ({complaint[:200]}). {again}"


def _engine(db_url: str) -> Engine:
    engine = create_engine(db_url)
    if engine.dialect.name == "sqlite":
        # A transaction that begins by reading could find, when it writes, that another has written meanwhile.
        @event.listens_for(engine, "connect")
        def connect(connection: Any, _: Any) -> None:
            connection.isolation_level = None

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _graded(connection: Connection, lab: str, student: str | None) -> Iterator[Graded]:
    def of(table: Table) -> Any:
        where = [table.c.lab == lab] + ([table.c.student == student] if student is not None else [])
        return connection.execute(select(table).where(*where).order_by(table.c.student))

    marks: dict[str, dict[str, Kept]] = {}
    for row in of(MARKS):
        marks.setdefault(row.student, {})[row.grade_id] = Kept(
            row.grade_id, row.question, row.points, row.most,
            tuple((title, verdict) for title, verdict in row.verdicts), row.reason, row.seed, row.size, row.alone,
        )  # fmt: skip
    for row in of(SUBMISSIONS):
        yield Graded(row.student, row.digest, row.refused, tuple(row.notes), row.seconds, marks.get(row.student, {}))


def _add_to_path(folder: Path) -> None:
    path = os.environ.get("PATH", "")
    if str(folder) not in path.split(os.pathsep):
        os.environ["PATH"] = f"{folder}{os.pathsep}{path}"
