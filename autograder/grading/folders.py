"""What stands in autograded/<student>/<lab>: each file is there whole, as it was before or as it is now."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from ds101.errors import Ds101Error

PART = ".ds101-part"  # what a killed run may leave; the next one removes it


class FolderError(Ds101Error, OSError):
    """A folder of the course can't be written."""


def write_folder(folder: Path, files: dict[str, bytes], permissions: int) -> None:
    """Make a folder hold these files and no others. Raises FolderError in a sentence."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_strays(folder, set(files))
        for name, content in files.items():
            _write(folder / name, content, permissions)
    except OSError as error:
        raise FolderError(
            f"{error.filename or folder} can't be written ({error.strerror}): make room, or look at the permissions. "
            "What was recorded before is safe, and the same command goes on from there."
        ) from error


def _write(path: Path, content: bytes, permissions: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(PART)
    part.unlink(missing_ok=True)
    try:
        part.write_bytes(content)
        part.chmod(permissions)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _remove_strays(folder: Path, wanted: set[str]) -> None:
    """What an earlier submission left, and what stands where a folder has to be, or the other way round."""
    folders = {os.path.dirname(name[: len(name)]) for name in wanted}
    folders |= {"/".join(one.split("/")[:end]) for one in folders for end in range(1, one.count("/") + 1)}
    for path in sorted(folder.rglob("*"), reverse=True):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() and not path.is_symlink():
            if name not in folders:
                shutil.rmtree(path)
        elif name not in wanted:
            path.unlink()
