"""A submission's files, read without trusting them: no link is followed, no device opened, nothing is read without end.

Every folder is opened relative to the one above it and never through a symbolic link, so that nothing outside the
submission can be reached, also if somebody exchanges a folder meanwhile.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path

NOTEBOOK = 16 << 20  # bytes of the notebook
FILE = 10 << 20  # of one other file
FILES = 200  # so many of them
TOTAL = 20 << 20  # bytes of all of them
DEPTH = 8  # folders in folders
ENTRIES = 5_000  # names that are looked at
TIMESTAMP = "timestamp.txt"


@dataclass
class Submitted:
    """What was read. `reason` says in a sentence why there is no notebook, where there is none."""

    notebook: bytes | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    timestamp: str = ""
    notes: list[str] = field(default_factory=list)
    reason: str = ""

    @property
    def digest(self) -> str:
        """The same for the same content: what decides whether it has been graded already."""
        total = sha256()
        for name, content in sorted({**self.files, "": self.notebook or self.reason.encode()}.items()):
            total.update(sha256(name.encode()).digest() + sha256(content).digest())
        return total.hexdigest()


class _Unread(Exception):
    """A sentence that says why something was not read."""


def submissions(submitted: Path, lab: str) -> list[str]:
    """Who has handed in this lab, in order. (A name that is no text is not among them: `unnameable` has those.)"""
    return sorted(name for name in _names(submitted, lab) if _is_text(name))


def unnameable(submitted: Path, lab: str) -> list[str]:
    """Submissions whose folder has a name that no gradebook can hold, made readable."""
    return sorted(
        name.encode("utf-8", "backslashreplace").decode() for name in _names(submitted, lab) if not _is_text(name)
    )


def read_submission(submitted: Path, student: str, lab: str, ignore: list[str]) -> Submitted:
    """Read what a student has handed in. Never raises for what it finds there."""
    found = Submitted()
    try:
        with _opened(submitted) as top, _opened(student, top) as middle, _opened(lab, middle) as folder:
            _read_notebook(found, folder, f"{lab}.ipynb")
            _read_files(found, folder, [*ignore, "*.ipynb"])
    except _Unread as why:
        found.reason = str(why)
    return found


def _names(submitted: Path, lab: str) -> Iterator[str]:
    if submitted.is_dir():
        for name in os.listdir(submitted):
            if not name.startswith(".") and os.path.lexists(submitted / name / lab):
                yield name


def _is_text(name: str) -> bool:
    try:
        return name.isprintable() and len(name.encode()) <= 128
    except UnicodeEncodeError:
        return False


@contextmanager
def _opened(folder: Path | str, above: int | None = None) -> Iterator[int]:
    """A folder, opened. Only the outermost, which is the instructor's own, may be a link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (0 if above is None else os.O_NOFOLLOW)
    try:
        number = os.open(folder, flags, dir_fd=above)
    except OSError as error:
        raise _Unread(f"{folder} is not a folder that can be read: links are not followed.") from error
    try:
        yield number
    finally:
        os.close(number)


def _read_notebook(found: Submitted, folder: int, name: str) -> None:
    try:
        found.notebook = _content(folder, name, NOTEBOOK)
    except FileNotFoundError:
        others = sorted(other for other in os.listdir(folder) if other.endswith(".ipynb") and _is_text(other))[:3]
        instead = f" It has {', '.join(others)}: keep the name that the lab had." if others else ""
        found.reason = f"There is no {name} in the submission.{instead}"
    except _Unread as why:
        found.reason = str(why)


def _read_files(found: Submitted, folder: int, ignore: list[str]) -> None:
    """The other files, in order, as long as there is room. What is left out is told."""
    left_out: list[str] = []
    room = TOTAL
    for seen, (path, above, name) in enumerate(_walk(folder, ignore, left_out)):
        if seen >= ENTRIES or len(found.files) >= FILES:
            left_out.append(f"everything from {path} on: the limit is {FILES} files")
            break
        try:
            content = _content(above, name, min(FILE, room))
        except FileNotFoundError:
            continue
        except _Unread as why:
            left_out.append(str(why))
            continue
        if path == TIMESTAMP:
            found.timestamp = content[:100].decode("utf-8", "replace").strip()
        else:
            found.files[path] = content
            room -= len(content)
    found.notes += [f"Left out: {one.rstrip('.')}." for one in left_out[:10]]
    if len(left_out) > 10:
        found.notes.append(f"Left out: {len(left_out) - 10} more.")


def _walk(folder: int, ignore: list[str], left_out: list[str], path: str = "") -> Iterator[tuple[str, int, str]]:
    """Every file below a folder: its path, the folder that it is in, opened, and its name."""
    for name in sorted(os.listdir(folder))[:ENTRIES]:
        if any(fnmatch(name, pattern) for pattern in ignore):
            continue
        here = f"{path}{name}"
        if not _is_text(name):
            left_out.append(f"a file whose name is not plain text ({ascii(name)[:60]})")
            continue
        if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            yield here, folder, name
        elif here.count("/") >= DEPTH:
            left_out.append(f"{here}: folders are read {DEPTH} deep")
        else:
            try:
                with _opened(name, folder) as inner:
                    yield from _walk(inner, ignore, left_out, f"{here}/")
            except _Unread as why:
                left_out.append(str(why))


def _content(folder: int, name: str, most: int) -> bytes:
    """The content of a plain file. Raises FileNotFoundError, or _Unread with the reason."""
    kind = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if stat.S_ISLNK(kind):
        raise _Unread(f"{name} is a symbolic link, and those are not followed.")
    if not stat.S_ISREG(kind):
        raise _Unread(f"{name} is not a plain file.")
    try:
        number = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        with os.fdopen(number, "rb") as file:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise _Unread(f"{name} is not a plain file.")
            content = file.read(most + 1)
    except PermissionError:
        raise _Unread(f"{name} may not be read: its permissions forbid it.") from None
    except OSError as error:
        raise _Unread(f"{name} can't be read ({error.strerror}).") from None
    if len(content) > most:
        raise _Unread(f"{name} is too large: {most:,} bytes are read at most.")
    return content
