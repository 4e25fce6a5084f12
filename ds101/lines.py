"""Whose line was it? The place of an error in the reader's own code, across processes.

A node process has no copy of the notebook's cells, so it sends places (file, line, function), and the
kernel, which has the cells, turns them into words.
"""

from __future__ import annotations

import linecache
import sys
import sysconfig
from pathlib import Path
from types import CodeType

Place = tuple[str, int, str]  # file, line, function

_OURS = (str(Path(__file__).parent), str(Path(__file__).parents[1] / "autograder"))  # the second: instructors have it
_LIBRARIES = tuple(sorted({sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}))


def is_the_readers(filename: str) -> bool:
    """Whether a file is neither ours nor a library's: a cell, a script, a module beside the notebook."""
    if filename.startswith(("<frozen", "<string>")):
        return False
    return not filename.startswith((*_OURS, *_LIBRARIES))


def places_of(error: BaseException) -> list[Place]:
    """The frames of the error's traceback that are the reader's, outermost first; all where none is.

    An error that was raised in another process brings its places along.
    """
    if brought := getattr(error, "__ds101_places__", None):
        return list(brought)
    frames, link = [], error.__traceback__
    while link is not None:
        code = link.tb_frame.f_code
        frames.append((code.co_filename, link.tb_lineno, code.co_name))
        link = link.tb_next
    return [frame for frame in frames if is_the_readers(frame[0])] or frames


def place_in_words(place: Place) -> str:
    """Where it is and what stands there: `cell [3], line 5, in greet:  1 / 0`."""
    filename, line, function = place
    source = linecache.getline(filename, line).strip()
    where = f"{cell_of(filename)}, line {line}" + ("" if function == "<module>" else f", in {function}")
    return f"{where}:  {source}" if source else where


def cell_of(filename: str) -> str:
    """How a file is called: a cell by its number, any other by its name."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    named = shell.compile.format_code_name(filename) if shell is not None else None
    if named is not None:
        return f"{named[0]} {named[1]}".lower().replace("cell in", "cell ")
    return Path(filename).name


def line_of(code: CodeType) -> str:
    """Where a function begins, in words."""
    return place_in_words((code.co_filename, code.co_firstlineno, code.co_name))
