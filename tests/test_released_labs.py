"""What students receive: it runs from top to bottom, fails politely at the first task, and gives nothing away."""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from ds101.notebooks import project, sources

ROOT = project(Path(__file__).parent)
LABS = [source for source in sources(ROOT) if source.is_lab]
WITH_TASKS = [lab.short for lab in LABS if lab.short != "lab00"]  # lab00 comes solved
ANSWERS = re.compile(r"BEGIN SOLUTION|END SOLUTION|HIDDEN TESTS")


def released(lab: str) -> NotebookNode:
    (path,) = (ROOT / "labs").glob(f"{lab}-*/{lab}-*.ipynb")
    return nbformat.read(path, as_version=4)


def text_of(cell: NotebookNode) -> str:
    """What a cell's outputs say in plain text."""
    said = []
    for output in cell.get("outputs", []):
        said += [output.get("text", ""), output.get("data", {}).get("text/plain", ""), *output.get("traceback", [])]
    return "\n".join(said)


def run(notebook: NotebookNode, folder: Path) -> NotebookNode:
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return notebook


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], NotebookNode]:
    """What students receive, run as it is, once for all tests."""
    return cache(lambda lab: run(released(lab), tmp_path_factory.mktemp(lab)))


@pytest.mark.notebook
@pytest.mark.parametrize("lab", [lab.short for lab in LABS])
def test_a_released_lab_runs_from_top_to_bottom_in_a_fresh_kernel(
    lab: str, untouched: Callable[[str], NotebookNode]
) -> None:
    outputs = [output for cell in untouched(lab).cells for output in cell.get("outputs", [])]
    assert outputs
    assert not [output for output in outputs if output.get("name") == "stderr"]


def checks_of(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that a machine marks, in the order of the tasks."""
    return [cell for cell in notebook.cells if is_marked(cell)]


def is_marked(cell: NotebookNode) -> bool:
    settings = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and bool(settings.get("grade")) and not settings.get("solution")


def filled(lab: str, tasks: int) -> NotebookNode:
    """What students receive, with the first so many tasks as our solution has them."""
    notebook = released(lab)
    source = nbformat.read(next(one.notebook for one in LABS if one.short == lab), as_version=4)
    solved = {cell.metadata["nbgrader"]["grade_id"]: cell.source for cell in source.cells if is_a_task(cell)}
    for cell in [cell for cell in notebook.cells if is_a_task(cell)][:tasks]:
        cell.source = solved[cell.metadata["nbgrader"]["grade_id"]]
    return notebook


def is_a_task(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and bool(cell.metadata.get("nbgrader", {}).get("solution"))


@pytest.mark.notebook
@pytest.mark.parametrize("lab", WITH_TASKS)
def test_an_untouched_lab_says_at_every_check_what_to_write_next(
    lab: str, untouched: Callable[[str], NotebookNode]
) -> None:
    for cell in checks_of(untouched(lab)):
        words = text_of(cell)
        assert "Next: write " in words, words
        assert "Its docstring is the sentence to implement" in words
        assert words.rstrip().endswith("\n0")
        assert "Traceback" not in words


@pytest.mark.notebook
@pytest.mark.parametrize("lab", WITH_TASKS)
@pytest.mark.timeout(600)
def test_a_lab_that_is_filled_cell_by_cell_passes_cell_by_cell(
    lab: str, tmp_path: Path, count: Callable[[int, int], int]
) -> None:
    every = len(checks_of(released(lab)))
    for tasks in range(count(every, 1), every + 1):
        checks = checks_of(run(filled(lab, tasks), tmp_path))
        for number, cell in enumerate(checks, start=1):
            points = cell.metadata.nbgrader.points if number <= tasks else 0
            assert text_of(cell).rstrip().endswith(f"\n{points}"), text_of(cell)


@pytest.mark.notebook
def test_an_experiment_on_an_untouched_lab_says_what_to_write_in_one_line(
    untouched: Callable[[str], NotebookNode],
) -> None:
    (experiment,) = [cell for cell in untouched("lab01").cells if cell.source.startswith("SLICE")]
    assert "NotYet: Next: write " in text_of(experiment)  # of exchange, or of serve, where that is heard of first
    assert len(text_of(experiment).strip().splitlines()) == 1


@pytest.mark.parametrize("lab", [lab.short for lab in LABS])
def test_a_released_lab_gives_no_answer_away(lab: str) -> None:
    notebook = released(lab)
    everything = json.dumps(notebook)
    assert not ANSWERS.search(everything)
    assert all(not cell.get("outputs") for cell in notebook.cells)
    source = nbformat.read(next(one.notebook for one in LABS if one.short == lab), as_version=4)
    for cell in source.cells:
        settings = cell.metadata.get("nbgrader", {})
        if settings.get("solution") and cell.cell_type == "markdown":
            assert json.dumps(cell.source)[1:40] not in everything


@pytest.mark.parametrize("lab", [lab.short for lab in LABS])
def test_a_lab_has_its_anatomy(lab: str) -> None:
    notebook = released(lab)
    words = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    story = words.split("## The story")[1].split("**System model")[0].split("\n#")[0].split("**In words")[0]
    assert len(story.split()) < 120
    for heading in ("# lab", "## The story", "## Experiment: one knob", "## Reflection", "## What you know now"):
        assert heading in words
    assert "System model" in words
    tasks = re.findall(r"^## Task \d", words, re.MULTILINE)
    assert len(tasks) <= 4
    assert words.count("<summary>Hint") == 3 * len(tasks)


@pytest.mark.parametrize("lab", [lab.short for lab in LABS])
def test_code_cells_of_a_lab_are_short(lab: str) -> None:
    for cell in released(lab).cells:
        if cell.cell_type == "code":
            lines = [line for line in cell.source.splitlines() if line.strip() and "raise NotYet" not in line]
            assert len(lines) <= 20 + cell.source.count('"""'), cell.source
