"""A notebook -> the same with its outputs, run from top to bottom in a fresh kernel.

A cell that raises stops the build, unless it is tagged `raises-exception`; so does a cell that writes to
standard error, which in a graded cell would cost its points.
"""

from __future__ import annotations

import copy
import re
import sys
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from ds101.errors import NotebookError
from ds101.notebooks.saved import make_still

CELL_TIMEOUT = 60  # seconds
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def executed(notebook: NotebookNode, path: Path, root: Path) -> NotebookNode:
    """A copy of `notebook` with its outputs, run in the folder of `path`, where readers will run it.

    Raises NotebookError, naming `path`, where a cell fails, takes over a minute or warns.
    """
    result = copy.deepcopy(notebook)
    path.parent.mkdir(parents=True, exist_ok=True)
    client = NotebookClient(
        result,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--IPKernelApp.log_level=40"],  # it warns of eavesdroppers on loopback
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
    )
    where = path.relative_to(root)
    try:
        client.execute()
    except CellExecutionError as failure:
        raise NotebookError(
            f"{where} could not be built: a cell raised.\n\n{COLOURS.sub('', str(failure))}"
        ) from failure
    except CellTimeoutError as failure:
        raise NotebookError(
            f"{where} could not be built: a cell ran for more than {CELL_TIMEOUT} seconds."
        ) from failure
    except DeadKernelError as failure:
        raise NotebookError(f"{where} could not be built: its kernel died.") from failure
    for number, cell in enumerate(result.cells, start=1):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise NotebookError(f"{where}: cell {number} writes to standard error: {output.text.strip()!r}.")
    result.metadata = copy.deepcopy(notebook.metadata)  # the kernel adds its exact version
    anonymize(result, root)
    make_still(result)
    return result


def anonymize(notebook: NotebookNode, root: Path) -> None:
    """Take out of the outputs where on this machine they were made."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for key in ("text", "traceback", "data"):
                if key in output:
                    output[key] = _anonymous(output[key], _places(root))


def _places(root: Path) -> list[tuple[str, str]]:
    """What to replace by what, the most specific first."""
    home = Path.home()
    places = [(f"{root}/", ""), (f"{sys.base_prefix}/", ""), (str(root), "ds101")]
    places += [
        (f"~/{Path(place).relative_to(home)}/", instead)  # as IPython abbreviates it
        for place, instead in places
        if place.endswith("/") and Path(place).is_relative_to(home)
    ]
    return sorted(places, key=lambda pair: -len(pair[0]))


def _anonymous(value: object, places: list[tuple[str, str]]) -> object:
    if isinstance(value, str):
        for place, instead in places:
            value = value.replace(place, instead)
    elif isinstance(value, list):
        return [_anonymous(item, places) for item in value]
    elif isinstance(value, dict):
        return {key: _anonymous(item, places) for key, item in value.items()}
    return value
