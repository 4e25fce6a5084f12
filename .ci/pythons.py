"""Make an environment in `.venv-3.12`, and so on, for each other Python that ds101 supports and this machine has.

The tests run a seed in each of them: it must give the same bytes everywhere. They get what the library needs, from
the lock.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
VERSIONS = ("3.11", "3.12", "3.13")
ELSEWHERE = (".pyenv/versions/{}.*", ".local/share/uv/python/cpython-{}.*")  # below the home folder


def main() -> None:
    for version in VERSIONS:
        ready = ROOT / f".venv-{version}" / "ready"
        if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
            continue  # this is what `.venv` is
        if ready.exists() and ready.stat().st_mtime > LOCK.stat().st_mtime:
            continue
        python = next(working(version), None)
        if python is None:
            print(f"Left out: what Python {version} makes of a seed, since there is no Python {version} here")
        else:
            make(python, ready)


def working(version: str) -> Iterator[str]:
    """Interpreters of this version that can make an environment."""
    found = [shutil.which(f"python{version}")]
    for place in ELSEWHERE:
        found += sorted(str(folder / "bin" / "python") for folder in Path.home().glob(place.format(version)))
    question = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    for python in filter(None, found):
        if subprocess.run([python, "-c", question], capture_output=True, text=True).stdout.strip() == version:
            yield python


def make(python: str, ready: Path) -> None:
    """An environment with what the library needs, and a stamp when it is complete."""
    folder = ready.parent
    subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
    (folder / "requirements.lock").write_text("".join(locked(needed("ds101"))))
    subprocess.run(
        [folder / "bin" / "pip", "install", "--quiet", "--require-hashes", "-r", folder / "requirements.lock"],
        check=True,
    )
    ready.touch()


def needed(*names: str) -> set[str]:
    """These and all that they need, without extras, by their canonical names; also what only some systems need."""
    found: set[str] = set()
    waiting: list[str] = [*names]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            found.add(name)
            waiting += [one.name for one in dependencies(name)]
    return found


def dependencies(name: str) -> Iterator[Requirement]:
    try:
        lines = requires(name) or ()
    except PackageNotFoundError:  # another system needs it
        return
    for line in lines:
        one = Requirement(line)
        if "extra" not in str(one.marker or ""):
            yield one


def locked(names: Iterable[str]) -> list[str]:
    """The lines of the lock for these: a name with its version, and under it the hashes."""
    entries = re.split(r"^(?=\S)", LOCK.read_text(), flags=re.MULTILINE)
    wanted = set(names)
    return [entry for entry in entries if canonicalize_name(re.split(r"[=\[; ]", entry)[0]) in wanted]


if __name__ == "__main__":
    main()
