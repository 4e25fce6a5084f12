"""The parts of a solution, out of a notebook or a Python file, without running its checks and experiments.

Only definitions are run: imports, functions, classes and assignments, in their order. So a whole notebook can be
checked from a terminal, also one whose last cells wait for a network.
"""

from __future__ import annotations

import ast
import json
import linecache
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ds101.errors import Mistake
from ds101.labs.specification import find_lab

DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
ASSIGNMENTS = (ast.Assign, ast.AnnAssign)
MAGIC = re.compile(r"^\s*[%!?].*$", re.MULTILINE)


def parts_in(path: Path, lab: str) -> tuple[Any, ...]:
    """The parts of `lab` that a notebook or a Python file defines.

    Raises `Mistake` if it can't be read, is no Python, or defines none of them.
    """
    found = find_lab(lab)
    names = definitions_in(path)
    parts = tuple(names[part] for part in found.parts if part in names)
    if not parts:
        raise Mistake(f"{path} defines none of {', '.join(found.parts)}. Is it the right file?")
    return parts


def definitions_in(path: Path) -> dict[str, Any]:
    """The names that a notebook or a Python file defines, with their values."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with _importing_from(path.resolve().parent):
        for filename, source in _sources(path):
            linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
            define(source, filename, names)
    return names


def define(source: str, filename: str, names: dict[str, Any]) -> None:
    """Run the definitions in `source`, into `names`. An assignment that fails is left out."""
    try:
        statements = ast.parse(source, filename).body
    except SyntaxError as error:
        raise Mistake(f"{filename}, line {error.lineno} is no Python: {error.msg}.") from None
    for statement in statements:
        code = compile(ast.Module([statement], type_ignores=[]), filename, "exec")
        if isinstance(statement, DEFINITIONS):
            try:
                exec(code, names)
            except Exception as error:
                raise Mistake(f"{filename}, line {statement.lineno}: {type(error).__name__}: {error}") from None
        elif isinstance(statement, ASSIGNMENTS):
            with suppress(Exception):
                exec(code, names)


def _sources(path: Path) -> Iterator[tuple[str, str]]:
    """The name and the text of each cell, or of the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Mistake(f"{path} can't be read: {error.strerror}.") from None
    if path.suffix != ".ipynb":
        yield str(path), text
        return
    try:
        cells = json.loads(text)["cells"]
    except (ValueError, KeyError):
        raise Mistake(f"{path} is no notebook.") from None
    for number, cell in enumerate(cells, start=1):
        if cell["cell_type"] == "code":
            yield f"{path} (cell {number})", MAGIC.sub("pass", "".join(cell["source"]))


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """A notebook may import the modules beside it."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
