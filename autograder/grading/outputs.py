"""The notebook that is kept in autograded/: the one that was sent to be run, with what came of it.

Only outputs are taken from what came back, and only for cells that came back as they were sent. Where a cell was
judged, its outputs are the judge's report. People read this notebook in formgrader and in the feedback, so
what a student wrote as text must not be able to act there.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

import nbformat
from nbformat import NotebookNode, ValidationError

from autograder.jobs import Mark

# Markup that does no more than show text; it may stay, without attributes.
HARMLESS = (
    "b|i|em|strong|code|pre|sub|sup|br|hr|p|ul|ol|li|details|summary|table|thead|tbody|tr|td|th|h[1-6]|blockquote|kbd|s"
)
TAG = re.compile(rf"<(?!/?(?:{HARMLESS})\s*/?>)(?=[a-zA-Z/!?])", re.IGNORECASE)


def kept_notebook(sent: bytes, returned: bytes, marks: Iterable[Mark], reason: str = "") -> NotebookNode:
    """What is kept: `sent` with the outputs of `returned` and the reports of the marks; `reason` is said at the top."""
    notebook = _read(sent)
    _take_outputs(notebook, returned)
    report(notebook, marks)
    make_harmless(notebook)
    if reason:
        notebook.cells.insert(0, nbformat.v4.new_markdown_cell(f"**Not graded by running it.** {escaped(reason)}"))
    return notebook


def report(notebook: NotebookNode, marks: Iterable[Mark]) -> None:
    """Where a cell was judged, its outputs become the judge's report."""
    by_name = {mark.grade_id: mark for mark in marks}
    for cell in notebook.cells:
        mark = by_name.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if mark and cell.cell_type == "code":
            shown = {"text/plain": mark.text} | ({"text/html": mark.html} if mark.html else {})
            cell.outputs = [nbformat.v4.new_output("display_data", shown)]


def make_harmless(notebook: NotebookNode) -> None:
    """What stands in text cells is shown, and does nothing: no script, no handler, no picture from elsewhere."""
    for cell in notebook.cells:
        if cell.cell_type == "raw":
            cell.source = escaped(cell.source)
        elif cell.cell_type == "markdown" and not cell.metadata.get("nbgrader", {}).get("locked"):
            cell.source = TAG.sub("&lt;", cell.source)


def escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _read(content: bytes) -> NotebookNode:
    return nbformat.reads(content.decode(), as_version=4)


def _take_outputs(notebook: NotebookNode, returned: bytes) -> None:
    try:
        others = _read(returned).cells
    except Exception:  # not what was asked for: nothing is taken
        return
    for mine, other in zip(notebook.cells, others, strict=False):
        if mine.cell_type == "code" == other.cell_type and mine.source == other.source:
            mine.outputs = [output for output in other.get("outputs", []) if _is_valid(output)]
            count = other.get("execution_count")
            mine.execution_count = count if isinstance(count, int) else None


def _is_valid(output: NotebookNode) -> bool:
    try:
        nbformat.validate(output, ref="output", version=4, version_minor=5)
    except (ValidationError, AttributeError, TypeError):
        return False
    return True
