"""Text -> notebook, without running it. The same text gives the same bytes, on any machine.

What would differ from one build to the next is replaced: jupytext's random cell ids by ids that follow from
the cells, and a notebook's record of the tools that made it by a constant.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from ds101.notebooks.bibliography import bibliography
from ds101.notebooks.citations import cite

FORMATS = {".md": "md:myst", ".py": "py:percent"}
# How the text was spaced: jupytext notes it for the way back, which we never go.
SPACING = ("lines_to_next_cell", "lines_to_end_of_cell_marker")
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "pygments_lexer": "ipython3",
    },
}


def converted(text: Path) -> NotebookNode:
    """The notebook that a text source describes, with no outputs. Raises NotebookError for an unknown citation."""
    notebook: NotebookNode = jupytext.read(text, fmt=FORMATS[text.suffix])
    notebook.metadata = nbformat.from_dict(METADATA)  # type: ignore[no-untyped-call]
    notebook.nbformat, notebook.nbformat_minor = 4, 5  # the first with cell ids
    for cell in notebook.cells:
        for key in SPACING:
            cell.metadata.pop(key, None)
    if text.suffix == ".md":
        cite(notebook, bibliography(text.parent.parent))
    name_cells(notebook)
    return notebook


def name_cells(notebook: NotebookNode) -> None:
    """Give every cell an id that follows from its content, so that it survives edits elsewhere."""
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[digest] += 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def as_text(notebook: NotebookNode) -> str:
    """The file's content, in the one form that this project commits."""
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook, version=nbformat.NO_CONVERT)) + "\n"  # type: ignore[no-untyped-call]
