"""Solution notebooks -> what students receive, by `nbgrader generate_assignment` with our configuration.

It runs on a copy in a temporary folder and without a gradebook: what is built must depend on nothing else that
stands in an instructor's clone, nor change it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from ds101.errors import NotebookError
from ds101.notebooks.convert import as_text

CONFIG = "nbgrader_config.py"
LEFT_BEHIND = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__")


def released(root: Path, labs: dict[str, str]) -> dict[str, dict[str, bytes]]:
    """For each lab the files that students receive: `{lab: {path in its folder: content}}`.

    `labs` gives each lab's solution notebook as text; the other files of its folder are released as they are.
    Raises NotebookError with nbgrader's own words where it refuses.
    """
    if not labs:
        return {}
    with tempfile.TemporaryDirectory(prefix="ds101-release-") as name:
        course = Path(name).resolve()
        shutil.copy(root / CONFIG, course)
        for lab, notebook in labs.items():
            _copy_lab(root / "solutions" / lab, course / "solutions" / lab, notebook)
        _generate(course)
        return {lab: _files(course / "labs" / lab) for lab in labs}


def _copy_lab(source: Path, copy: Path, notebook: str) -> None:
    if source.is_dir():
        shutil.copytree(source, copy, ignore=LEFT_BEHIND)
    copy.mkdir(parents=True, exist_ok=True)
    (copy / f"{copy.name}.ipynb").write_text(notebook, encoding="utf-8")


def _generate(course: Path) -> None:
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "*", "--no-db"]
    # Without the user's own configuration either.
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(course / "config")}
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotebookError(f"nbgrader could not make the released labs:\n\n{done.stderr.strip()}")


def _files(folder: Path) -> dict[str, bytes]:
    """Every file of a released lab; the notebook in the form that this project commits."""
    files = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.suffix == ".ipynb":
            notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
            content = as_text(notebook).encode()
        files[path.relative_to(folder).as_posix()] = content
    return files
