"""Which text becomes which notebook, and what each is called.

>>> lab = Source(Path("solutions/lab01_framing.py"))
>>> lab.name, lab.short, str(lab.notebook), str(lab.released)
('lab01-framing', 'lab01', 'solutions/lab01-framing/lab01-framing.ipynb', 'labs/lab01-framing')
>>> chapter = Source(Path("course/source/00-start-here.md"))
>>> chapter.name, chapter.short, str(chapter.notebook), chapter.released
('00-start-here', '00', 'course/00-start-here.ipynb', None)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ds101.errors import NotebookError

CHAPTERS = "course/source/[0-9][0-9]-*.md"
LABS = "solutions/lab[0-9][0-9]_*.py"


@dataclass(frozen=True, slots=True)
class Source:
    """One text source; what is made of it stands at places that follow from its own."""

    text: Path

    @property
    def is_lab(self) -> bool:
        return self.text.suffix == ".py"

    @property
    def name(self) -> str:
        """The name in full, as files and nbgrader have it."""
        return self.text.stem.replace("_", "-")

    @property
    def short(self) -> str:
        """The name that commands accept: `lab01`, or a chapter's number."""
        return self.name.split("-")[0]

    @property
    def notebook(self) -> Path:
        """What is built: for a lab in a folder of its own, since nbgrader releases whole folders."""
        file = f"{self.name}.ipynb"
        if self.is_lab:
            return self.text.parent / self.name / file
        return self.text.parent.parent / file

    @property
    def released(self) -> Path | None:
        """The folder that students receive; a chapter has none."""
        return self.text.parent.parent / "labs" / self.name if self.is_lab else None


def project(start: Path | None = None) -> Path:
    """The clone of the project that holds `start` (the working directory, unless told).

    Raises NotebookError where there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "nbgrader_config.py").is_file():
            return folder
    raise NotebookError(f"{here} is not inside a clone of ds101: change into your clone first.")


def sources(root: Path) -> list[Source]:
    """Every source of the project, chapters first, in the order of their numbers."""
    return [Source(text) for glob in (CHAPTERS, LABS) for text in sorted(root.glob(glob))]


def chosen(root: Path, names: Iterable[str]) -> list[Source]:
    """The sources with these names, full or short; all of them where no name is given.

    Raises NotebookError for a name that none has.
    """
    every = sources(root)
    wanted = list(names)
    for name in wanted:
        if not any(name in (source.name, source.short) for source in every):
            known = ", ".join(source.short for source in every) or "none yet"
            raise NotebookError(f"There is no notebook called {name!r}: choose from {known}.")
    return [s for s in every if not wanted or s.name in wanted or s.short in wanted]
