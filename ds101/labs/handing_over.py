"""In a graded kernel, `check` hands the solution over to the judge, as bytes in the cell's output, and judges nothing.

The judge reads only the outputs of graded cells, and opens these bytes nowhere but in a sandbox.
"""

from __future__ import annotations

import base64
import linecache
import os
from typing import Any

from ds101.labs.specification import Lab, Parts
from ds101.lines import cell_of, is_the_readers
from ds101.processes.shipping import code_in, dump

MIME = "application/vnd.ds101.solution+json"
GRADING = "DS101_GRADING"  # the variable that a graded kernel has in its environment
MOST_SOURCES = 200  # cells


def is_graded() -> bool:
    """Whether this kernel runs for the judge."""
    return bool(os.environ.get(GRADING))


def hand_over(lab: Lab, parts: Parts) -> None:
    """Write the parts into the cell's output. Raises `Mistake` with the name of what can't travel."""
    from IPython.display import display

    shipped = dump(dict(parts))
    names = ", ".join(parts)
    sheet = {"parts": base64.b64encode(shipped).decode(), "sources": _sources(parts)}
    words = f"{lab.name}: {names} {'was' if len(parts) == 1 else 'were'} handed over to the judge."
    display({MIME: sheet, "text/plain": words}, raw=True)  # type: ignore[no-untyped-call]


def _sources(parts: Parts) -> dict[str, tuple[str, str]]:
    """For each cell that the parts' code is in: its file, its name, its text."""
    files: dict[str, Any] = {}
    for code in code_in(list(parts.values())):
        files.setdefault(code.co_filename)
    own = [file for file in files if is_the_readers(file)][:MOST_SOURCES]
    return {file: (cell_of(file), "".join(linecache.getlines(file))) for file in own}
