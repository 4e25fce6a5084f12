"""Files that are no proper submission: broken, changed, huge, missing, or pointing elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat

from autograder.attacks.attack import BOTH, CHECKS, ENCODE, LAB, NOTHING, Attack, Scene, Submission

HUGE = 17 << 20
SOLVED = ("encode", "decoder")
Edit = Callable[[Submission], None]


def attacks(scene: Scene) -> Iterator[Attack]:
    yield Attack("no-test", "A test cell is deleted.", _without_test, BOTH, r"check-decoder was missing", SOLVED)
    yield Attack("other-test", "A test cell is edited.", _other_test, ENCODE, r"check-decoder was changed")
    yield Attack("points", "The points of a cell are changed.", _points, ENCODE, "Next: write Decoder")
    yield Attack("flags", "Types and flags of cells are flipped.", _flags, BOTH, "turned into markdown", SOLVED)
    yield Attack("twice", "Two cells have the same grade_id: the last counts.", _twice, BOTH, "the last one", SOLVED)
    yield Attack("old-schema", "The metadata is of an old nbgrader.", _old_schema, ENCODE)
    yield Attack("broken-json", "Half of a notebook.", _half, NOTHING, "is not valid JSON")
    yield Attack("deep-json", "A notebook that is nested too deeply to be read.", _deep, NOTHING, "not valid JSON")
    yield Attack("no-notebook", "Something else than a notebook.", _bytes(b"[]"), NOTHING, "is not a notebook")
    yield Attack("huge", "A notebook of 17 MiB.", _bytes(b" " * HUGE), NOTHING, "is too large")
    yield Attack("many-cells", "A hundred thousand cells.", _many_cells, NOTHING, "cells")
    yield Attack("missing", "No notebook at all.", _bytes(None), NOTHING, f"There is no {LAB}.ipynb")
    yield Attack("extra-files", "Files that Python and Jupyter would run by themselves.", _extra, ENCODE)
    yield Attack("own-ds101", "A ds101 of its own beside the notebook.", _own_ds101, ENCODE)
    yield Attack("links", "Links out of the submission.", _links(scene), ENCODE, "Left out: .*symbolic link")
    yield Attack("copied", "The notebook is a link to somebody else's.", _copied(scene), NOTHING, "symbolic link")


def _without_test(submission: Submission) -> None:
    submission.cells.remove(submission.cell("check-decoder"))


def _other_test(submission: Submission) -> None:
    submission.cell("check-decoder").source = "11"


def _points(submission: Submission) -> None:
    for check in CHECKS[:2]:
        submission.cell(check).metadata.nbgrader.points = 1000


def _flags(submission: Submission) -> None:
    cell = submission.cell("check-decoder")
    cell.cell_type = "markdown"
    cell.pop("outputs", None)
    cell.pop("execution_count", None)
    for name in ("check-encode", "decoder"):
        settings = submission.cell(name).metadata.nbgrader
        settings.update(grade=not settings.grade, solution=not settings.solution, locked=not settings.locked, task=True)


def _twice(submission: Submission) -> None:
    cell = submission.cell("decoder")
    other = nbformat.v4.new_code_cell("Decoder = 5", metadata=cell.metadata)
    submission.cells.insert(submission.cells.index(cell), other)


def _old_schema(submission: Submission) -> None:
    for cell in submission.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.schema_version = 1
            cell.metadata.nbgrader.checksum = "0" * 32
    assert isinstance(submission.notebook, nbformat.NotebookNode)
    submission.notebook.nbformat_minor = 0


def _half(submission: Submission) -> None:
    content = nbformat.writes(submission.notebook).encode()
    submission.notebook = content[: len(content) // 2]


def _deep(submission: Submission) -> None:
    submission.notebook = b'{"nbformat": 4, "cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def _many_cells(submission: Submission) -> None:
    cells = [{"cell_type": "code", "source": "", "metadata": {}, "outputs": [], "execution_count": None}] * 100_000
    submission.notebook = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


def _bytes(content: bytes | None) -> Edit:
    def edit(submission: Submission) -> None:
        submission.notebook = content

    return edit


def _extra(submission: Submission) -> None:
    cheat = b"import ds101.labs.checking as c\nc.check = lambda *_, **__: 30\nprint('REACHED')\n"
    for name in (
        "sitecustomize.py", "usercustomize.py", "conftest.py", "nbgrader_config.py", "ipython_config.py",
        "jupyter_config.py", ".ipython/profile_default/startup/00-cheat.py", f"{LAB}-checkpoint.ipynb",
        "other.ipynb", "check.pth", "a/b/c/deep.txt",
    ):  # fmt: skip
        submission.files[name] = cheat


def _own_ds101(submission: Submission) -> None:
    submission.files["ds101/__init__.py"] = b""
    submission.files["ds101/labs/__init__.py"] = b"def check(*_, **__): return 30\nclass NotYet(Exception): pass\n"


def _links(scene: Scene) -> Edit:
    def edit(submission: Submission) -> None:
        submission.links["passwd.txt"] = "/etc/passwd"
        submission.links["solutions"] = str(scene.course / "solutions")
        submission.links["gradebook.db"] = str(scene.course / "gradebook.db")
        submission.links["everything"] = "/"
        submission.run(
            "import os\nfor name in ('passwd.txt', 'solutions', 'gradebook.db', 'everything'):\n"
            "    if os.path.lexists(name): print('REACHED', name)"
        )

    return edit


def _copied(scene: Scene) -> Edit:
    def edit(submission: Submission) -> None:
        submission.notebook = None
        submission.links[f"{LAB}.ipynb"] = str(Path("..", "..", "honest", LAB, f"{LAB}.ipynb"))

    return edit
