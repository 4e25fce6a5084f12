"""Grading a class, ours beside stock nbgrader's, in one run: `python -m benchmarks.grading [--submissions 60]`.

Both sides grade the same submissions of lab01 with the same checks, which talk over sockets to real processes. Stock
runs them in the notebook's own kernel, one submission after the other. Ours runs each in a sandbox and judges it from
outside. Promised: three times as many a minute; and that sandboxes cost less than a tenth of what grading takes
without them. `--picture FILE` draws submissions a minute against the number of workers.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat

from benchmarks.comparison import Comparison, show

ROOT = Path(__file__).parents[1]
LABS = {"lab01": "lab01-framing", "lab12": "lab12-leader-election"}
FASTER, DEARER = 3.0, 1.1  # at least so many times stock's speed; at most so many times the time without sandboxes
STOCK = """
c = get_config()
c.CourseDirectory.course_id = "ds101"
c.CourseDirectory.root = {root!r}
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "labs"
c.Execute.timeout = 300
"""
OURS = "\nc.Ds101.secret = 'a benchmark'\nc.Ds101.isolation = {isolation!r}\n"


@contextmanager
def course(lab: str, submissions: int, config: str) -> Iterator[Path]:
    """A folder with a lab's solution, handed in by so many students."""
    with tempfile.TemporaryDirectory(prefix="ds101-bench-") as name:
        root = Path(name).resolve()
        shutil.copytree(ROOT / "solutions" / lab, root / "solutions" / lab)
        (root / "nbgrader_config.py").write_text(config.format(root=str(root)))
        notebook = nbformat.read(ROOT / "solutions" / lab / f"{lab}.ipynb", as_version=4)
        for number in range(submissions):
            path = root / "submitted" / f"student{number:03d}" / lab / f"{lab}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(notebook, path)
        run(root, "-m", "nbgrader", "generate_assignment", lab)
        yield root


def run(root: Path, *command: str) -> None:
    """A command of Python's, in that folder. Raises `CalledProcessError`."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "JUPYTER_CONFIG_DIR": str(root / "jupyter"),
    }
    subprocess.run([sys.executable, "-W", "ignore", *command], cwd=root, env=environment, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip


def ours(isolation: str) -> str:
    """Our configuration, with that isolation. `root` is where the file stands, also for the kernel's own folder."""
    text = (ROOT / "nbgrader_config.py").read_text().replace("{", "{{").replace("}", "}}")
    return text.replace('root / "autograder"', f"Path({str(ROOT)!r}) / 'autograder'") + OURS.format(isolation=isolation)


def seconds_of(lab: str, submissions: int, config: str, *command: str) -> float:
    """How long a command takes to grade them."""
    with course(lab, submissions, config) as root:
        begin = time.perf_counter()
        run(root, *command)
        return time.perf_counter() - begin


def stock(lab: str, submissions: int) -> float:
    return seconds_of(lab, submissions, STOCK, "-m", "nbgrader", "autograde", lab)


def graded(lab: str, submissions: int, isolation: str = "bubblewrap", workers: int | None = None) -> float:
    words = ["--workers", str(workers)] if workers else []
    return seconds_of(
        lab, submissions, ours(isolation), "-c", "from ds101.cli import main; main()", "grade", lab, *words
    )


def compare(submissions: int, cpu_bound: int) -> list[Comparison]:
    """A lab that waits for its processes; the sandbox's own cost; a lab that computes, without a promise."""
    lab, heavy = LABS["lab01"], LABS["lab12"]
    few = max(4, submissions // 4)
    here, there = graded(lab, submissions), stock(lab, submissions)
    walled, bare = graded(lab, few), graded(lab, few, "none")
    found = [
        Comparison(f"{lab}, {submissions} submissions", "a minute", 60 * submissions / here, 60 * submissions / there,
                   at_least=FASTER),
        Comparison(f"{lab}, {few} with and without sandboxes", "ms each", 1000 * walled / few, 1000 * bare / few,
                   at_most=DEARER),
    ]  # fmt: skip
    if cpu_bound:
        mine, theirs = graded(heavy, cpu_bound), stock(heavy, cpu_bound)
        found.append(
            Comparison(f"{heavy}, {cpu_bound}, computing", "a minute", 60 * cpu_bound / mine, 60 * cpu_bound / theirs)
        )
    return found


def draw(path: Path, submissions: int, most: int) -> None:
    """Submissions a minute against the number of workers."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    counts = [count for count in (1, 2, 3, 4, 6, 8) if count <= most]
    speeds = [60 * submissions / graded(LABS["lab01"], submissions, workers=count) for count in counts]
    pyplot.rcParams["svg.hashsalt"] = "ds101"
    figure, axes = pyplot.subplots(figsize=(6, 3.5), layout="constrained")
    axes.plot(counts, speeds, marker="o", color="#1d4ed8")
    for count, speed in zip(counts, speeds, strict=True):
        axes.annotate(f"{speed:.1f}", (count, speed), textcoords="offset points", xytext=(0, 7), ha="center")
    axes.set(xlabel=f"workers, on {os.cpu_count()} cores", ylabel="submissions of lab01 a minute", ylim=(0, None))
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


def main(submissions: int = 12, cpu_bound: int = 0) -> bool:
    """Print the comparisons; whether the promises hold."""
    kept = show(compare(submissions, cpu_bound))
    print(f"the largest process of all: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")
    return kept


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grading", description="Grade a class, both ways.")
    parser.add_argument("--submissions", type=int, default=60)
    parser.add_argument("--cpu-bound", type=int, default=4, help="how many submissions of lab12")
    parser.add_argument("--picture", type=Path, help="draw speed against workers there, as SVG")
    return parser.parse_args()


if __name__ == "__main__":
    options = parsed()
    good = main(options.submissions, options.cpu_bound)
    if options.picture:
        draw(options.picture, 24, 8)
    raise SystemExit(0 if good else 1)
