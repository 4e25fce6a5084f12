"""The instructor's clone: where its folders are, how nbgrader is configured there, and its secret."""

from __future__ import annotations

import os
import secrets
from contextlib import chdir, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from nbgrader.apps.baseapp import NbGrader
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.jobs import Isolation, Limits
from ds101.errors import Ds101Error

SECRET = "grading_secret"


class CourseError(Ds101Error, RuntimeError):
    """The course can't be graded as it stands. What to do is in the sentence."""


@dataclass(frozen=True)
class Course:
    """A clone with its nbgrader configuration, as nbgrader's own commands see it."""

    root: Path
    config: Config

    @cached_property
    def directory(self) -> Any:
        """nbgrader's own object that knows the folders."""
        return CourseDirectory(config=self.config)

    @property
    def db_url(self) -> str:
        return str(self.directory.db_url)

    @property
    def course_id(self) -> str:
        return str(self.directory.course_id) or "default_course"

    def folder(self, step: str) -> Path:
        """The folder of one of nbgrader's steps: source, submitted, autograded, feedback."""
        return self.root / str(getattr(self.directory, f"{step}_directory"))

    def setting(self, name: str, otherwise: Any) -> Any:
        """What the configuration says as `c.Ds101.<name>`."""
        return self.config.get("Ds101", {}).get(name, otherwise)

    @property
    def isolation(self) -> Isolation:
        chosen = str(self.setting("isolation", "bubblewrap"))
        for known in ("bubblewrap", "container", "none"):
            if chosen == known:
                return known
        raise CourseError(f"c.Ds101.isolation is {chosen!r}: choose bubblewrap, container or none.")

    @property
    def limits(self) -> Limits:
        chosen = dict(self.setting("limits", {}))
        try:
            return Limits(**chosen)
        except TypeError:
            known = ", ".join(Limits.__dataclass_fields__)
            raise CourseError(f"c.Ds101.limits is {chosen!r}: it can set {known}.") from None

    @cached_property
    def secret(self) -> bytes:
        """From which the seeds of grading are derived: from the configuration, or else made once and kept in a file."""
        said = str(self.setting("secret", ""))
        return said.encode() if said else _kept_secret(self.root / SECRET)

    def labs(self) -> list[str]:
        """The full names of all the labs that have a source."""
        folder = self.folder("source")
        return sorted(path.parent.name for path in folder.glob("*/*.ipynb") if path.stem == path.parent.name)

    def lab(self, name: str) -> str:
        """The full name of a lab: lab01 -> lab01-framing."""
        for lab in (labs := self.labs()):
            if name in (lab, short(lab)):
                return lab
        raise CourseError(f"There is no lab called {name!r}. There are: {', '.join(labs) or 'none'}.")

    @classmethod
    def of(cls, config: Config) -> Course:
        """The course of a configuration that nbgrader has read already."""
        return cls(Path(CourseDirectory(config=config).root), config)


def open_course(start: Path | None = None) -> Course:
    """The course around `start` (the working directory, unless told)."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "nbgrader_config.py").is_file():
            return _configured(folder)
    raise CourseError(f"{here} is not inside a clone of ds101: change into your clone first.")


def short(lab: str) -> str:
    """lab01-framing -> lab01."""
    return lab.split("-")[0]


def _configured(root: Path) -> Course:
    """Read what nbgrader's commands would read there, the user's own configuration included."""
    with chdir(root):
        app = NbGrader()
        app.log.setLevel("CRITICAL")
        app.initialize([], root=str(root))
    config = app.config
    config.CourseDirectory.root = str(config.CourseDirectory.get("root", root))
    return Course(Path(config.CourseDirectory.root), config)


def _kept_secret(path: Path) -> bytes:
    """The secret in that file. It is made where there is none; of two that make it at once, one wins for both."""
    if not path.exists():
        made = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(secrets.token_hex(32) + "\n")
            with suppress(FileExistsError):
                os.link(made, path)
        except OSError as error:
            raise CourseError(f"The secret can't be kept in {path} ({error.strerror}): set DS101_SECRET.") from error
        finally:
            made.unlink(missing_ok=True)
    return path.read_bytes().strip()
