"""As a reader meets it: `make start`, a browser, chapter 00 from top to bottom."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
FILES = ["Makefile", "requirements.lock", "pyproject.toml", "nbgrader_config.py"]
FOLDERS = ["course", "labs"]
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/lab\S*token=\w+")

pytestmark = [pytest.mark.browser, pytest.mark.cluster, pytest.mark.timeout(300)]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone that runs in this environment: what is saved in it stays out of ours."""
    clone = tmp_path / "ds101"
    clone.mkdir()
    for name in FILES:
        shutil.copy(ROOT / name, clone)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, clone / name)
    (clone / ".venv").symlink_to(sys.prefix)
    return clone


@pytest.fixture
def address(clone: Path, tmp_path: Path) -> Iterator[str]:
    """Where JupyterLab says it is, once `make start` has started it."""
    environment = os.environ | {
        "BROWSER": "true",  # ours is the one that opens it
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
    }
    command = ["make", "--old-file=.venv/ready", "start"]
    with subprocess.Popen(
        command,
        cwd=clone,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as lab:
        assert lab.stderr is not None
        said = iter(lab.stderr.readline, "")
        found = next(match[0] for line in said if (match := ADDRESS.search(line)))
        reader = threading.Thread(target=lab.stderr.read)  # or it would block on a full pipe
        reader.start()
        yield found
        os.killpg(lab.pid, signal.SIGTERM)
        reader.join()


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # it refuses to be root in one
        browser = playwright.chromium.launch(executable_path=chromium, args=sandbox)
        page = browser.new_page()
        page.set_default_timeout(60_000)  # milliseconds
        yield page
        browser.close()


def choose(page: Page, menu: str, command: str) -> None:
    page.get_by_role("menubar").get_by_text(menu, exact=True).click()
    page.locator(f'.lm-Menu-item[data-command="{command}"]').click()


def saved(page: Page, notebook: Path, condition: Callable[[list[NotebookNode]], bool]) -> list[NotebookNode]:
    """The code cells of the notebook as the browser saves it, once they meet a condition."""
    while True:
        choose(page, "File", "docmanager:save")
        page.wait_for_timeout(500)
        cells = nbformat.read(notebook, as_version=4).cells
        code = [cell for cell in cells if cell.cell_type == "code" and cell.source]
        if condition(code):
            return code


def test_chapter_00_opens_and_runs_from_top_to_bottom(address, page, clone):
    notebook = clone / "course/00-start-here.ipynb"
    page.goto(address)
    page.get_by_role("heading", name="Start here").wait_for()
    choose(page, "Edit", "editmenu:clear-all")
    saved(page, notebook, lambda cells: all(cell.execution_count is None for cell in cells))

    choose(page, "Run", "runmenu:run-all")
    # A cell that fails would keep the later ones from running.
    cells = saved(page, notebook, lambda cells: all(cell.execution_count for cell in cells))
    shown = [output.get("data", {}) for cell in cells for output in cell.outputs]
    assert any("<svg" in data.get("text/html", "") for data in shown), "the run draws itself"
    answer_the_quiz_by_keyboard(page)


def answer_the_quiz_by_keyboard(page: Page) -> None:
    """All three questions right, without the mouse: arrow keys would leave for the next cell, Tab and space don't."""
    choices = page.locator(".widget-radio-box input")
    choices.nth(choices.count() - 8).focus()  # the first of 3 + 3 + 2
    for key in ["Tab", "Tab", "Space", "Tab", "Tab", "Space", "Tab", "Tab", "Tab", "Space", "Tab", "Space"]:
        page.keyboard.press(key)
    page.get_by_text("3 of 3 right.").wait_for()
