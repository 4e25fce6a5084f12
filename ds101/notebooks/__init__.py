"""Notebooks are built, text is their source: `ds101 notebooks` builds, `--check` compares.

    sources.py   which text becomes which notebook, and what each is called
    convert.py   text -> notebook, without running it; the same bytes each time
    citations.py, bibliography.py   [@Lamport1978] -> a link into the chapter's list of sources
    coverage.py  which items of the subject matter the chapters cover, and where
    run.py       a notebook -> the same with its outputs, from a fresh kernel
    release.py   solution notebooks -> what students receive, by nbgrader
    build.py     all of it, for what is out of step; and what is out of step

A chapter `course/source/00-start-here.md` (MyST Markdown) becomes `course/00-start-here.ipynb`. A lab
`solutions/lab01_framing.py` (py:percent) becomes `solutions/lab01-framing/lab01-framing.ipynb`, and from that
nbgrader makes the folder `labs/lab01-framing`, as students get it.
"""

from ds101.notebooks.build import build, out_of_step
from ds101.notebooks.sources import Source, chosen, project, sources

__all__ = ["Source", "build", "chosen", "out_of_step", "project", "sources"]
