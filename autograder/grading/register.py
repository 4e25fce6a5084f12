"""Make a lab known to the gradebook of the course, as `nbgrader generate_assignment` does, without a file written."""

from __future__ import annotations

from typing import Any

from nbgrader.api import Assignment, GradeCell, InvalidEntry, Notebook, SourceCell
from sqlalchemy import create_engine, select
from sqlalchemy.engine import Engine

from autograder.grading.book import Book, BookError, sentence, told
from autograder.grading.course import CourseError
from autograder.grading.source import Source


def register(source: Source, book: Book) -> None:
    """Tell the gradebook what the lab is now, unless it knows. Raises CourseError where nbgrader can't follow."""
    private = create_engine(source.db_url)
    db_url = source.course.db_url
    with told(db_url):
        if _known(book.engine, source.lab) == _known(private, source.lab):
            return
        try:
            source.register(db_url)
        except InvalidEntry as error:
            raise BookError(sentence(db_url, str(error))) from error
        except RuntimeError as error:
            raise CourseError(
                f"{source.lab} has other graded cells than when it was graded first, and nbgrader can't follow that: "
                f"put them back, or begin anew with  nbgrader db assignment remove {source.lab} --force."
            ) from error


def _known(engine: Engine, lab: str) -> set[Any]:
    """What a gradebook knows of the cells of a lab."""
    ours = (Notebook.name == lab, Assignment.name == lab)
    cells = select(
        SourceCell.name, SourceCell.cell_type, SourceCell.locked, SourceCell.source, SourceCell.checksum
    ).join(Notebook, SourceCell.notebook_id == Notebook.id).join(Assignment).where(*ours)  # fmt: skip
    points = select(GradeCell.name, GradeCell.max_score).join(Notebook).join(Assignment).where(*ours)
    with engine.connect() as connection:
        return {tuple(row) for query in (cells, points) for row in connection.execute(query)}
