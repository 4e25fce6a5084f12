"""`ds101 release`: the bundle that students receive, as a folder and as a zip file.

It holds the course, the labs as nbgrader released them, and the library; nothing of the instructor's. That no line of a
solution and no hidden test is in it is looked at each time, before anything is written. The same content gives the same
bytes.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

from autograder.grading.course import CourseError
from ds101 import __version__

TOP = (
    "README.md", "LICENSE", "LICENSE-prose", "CITATION.cff", "CHANGELOG.md", "Makefile", "pyproject.toml",
    "requirements.lock", "environment.yml", ".jupyter/overrides.json",
)  # fmt: skip
FOLDERS = ("course", "ds101", "labs")
LEFT_OUT = {".ipynb_checkpoints", "__pycache__", ".virtual_documents", "feedback", "source"}
LEFT_OUT_ENDINGS = (".pyc", ".db", "~")
REGION = re.compile(r"### BEGIN (?:SOLUTION|HIDDEN TESTS)[^\n]*\n(.*?)### END (?:SOLUTION|HIDDEN TESTS)", re.DOTALL)
NOT_FOR_STUDENTS = re.compile(
    r"^make test [^\n]*\n|^## For (?:instructors|maintainers)\n.*?(?=^## |\Z)", re.M | re.DOTALL
)
TELLING = 16
SEVERAL = 3  # such lines, together, that stand nowhere else by chance
DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip file knows


HANDING_IN = """\"\"\"nbgrader's configuration for handing in: read by every `nbgrader` command that is run here.\"\"\"

import os
from pathlib import Path

root = Path(__file__).resolve().parent

c = get_config()  # noqa: F821  (nbgrader defines it)
c.CourseDirectory.course_id = {course_id!r}
# Your instructor says where labs are handed in.
c.Exchange.root = os.environ.get("DS101_EXCHANGE", str(root / "exchange"))
# Labs stay where they are: `submit` takes them there, `fetch_feedback` puts feedback beside them.
c.Exchange.assignment_dir = str(root / "labs")
"""


def release(root: Path, folder: Path | None = None, course_id: str = "ds101") -> list[Path]:
    """Write the bundle; gives the folder and the zip file. Raises CourseError if it would tell a solution."""
    folder = folder or root / "dist" / f"ds101-{__version__}"
    files = bundle(root) | {"nbgrader_config.py": HANDING_IN.format(course_id=course_id).encode()}
    if told := next(leaks(root, files), None):
        raise CourseError(f"The bundle would tell a solution or a hidden test: {told}. Run `make notebooks`.")
    if folder.exists() and any(folder.iterdir()) and not (folder / "ds101" / "__init__.py").is_file():
        raise CourseError(f"{folder} holds something else: choose an empty folder.")
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    archive = folder.with_name(f"{folder.name}.zip")
    _zip(archive, folder.name, files)
    return [folder, archive]


def bundle(root: Path) -> dict[str, bytes]:
    """What students receive: path and content."""
    paths = [root / name for name in TOP] + [path for name in FOLDERS for path in _below(root, root / name)]
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(paths) if path.is_file()}
    return {name: _for_students(content) if name == "README.md" else content for name, content in files.items()}


def leaks(root: Path, files: dict[str, bytes]) -> Iterator[str]:
    """Each line of a solution or a hidden test in the lab's own folder, and each solution in any other file."""
    texts = {name: _lines(content.decode("utf-8", "replace")) for name, content in files.items()}
    for source in sorted(root.glob("solutions/*.py")):
        own = f"labs/{source.stem.replace('_', '-')}/"
        given = _visible(source.read_text(encoding="utf-8"))
        for region in REGION.findall(source.read_text(encoding="utf-8")):
            secret = {line for line in _lines(region) if len(line) >= TELLING and not line.startswith("#")} - given
            for name, lines in texts.items():
                found = secret & lines
                if found and (name.startswith(own) or (len(secret) >= SEVERAL and found == secret)):
                    yield f"{name} has {min(found)!r} of {source.name}"
    for name, content in files.items():
        if name.startswith("labs/") and re.search(rb"### (BEGIN|END) (SOLUTION|HIDDEN TESTS)", content):
            yield f"{name} has a marked region"


def _for_students(readme: bytes) -> bytes:
    """The README without what speaks of files that students don't get."""
    text = NOT_FOR_STUDENTS.sub("", readme.decode())
    licences = "Code is under the [MIT License](LICENSE), prose and pictures under [CC BY 4.0](LICENSE-prose)."
    return f"{text.rstrip()}\n\n{licences} To cite: [CITATION.cff](CITATION.cff).\n".encode()


def _below(root: Path, folder: Path) -> Iterator[Path]:
    labs = {path.stem.removesuffix(".ipynb") for path in root.glob("solutions/*/*.ipynb")}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(root).parts
        if not path.is_file() or path.is_symlink() or LEFT_OUT & set(inside) or path.name.endswith(LEFT_OUT_ENDINGS):
            continue
        if inside[0] == "labs" and not (len(inside) > 2 and inside[1] in labs and _is_released(root, path)):
            continue
        yield path


def _is_released(root: Path, path: Path) -> bool:
    """A lab's folder gives what nbgrader made of the source's folder, and nothing that somebody left there."""
    return (root / "solutions" / path.relative_to(root / "labs")).is_file()


def _lines(text: str) -> set[str]:
    """The lines of a text, of a notebook those of its cells, without what stands around them."""
    bare = (re.sub(r'^\s*"|\\n",?$|",?$', "", line).replace('\\"', '"') for line in text.splitlines())
    return {" ".join(line.split()) for line in bare}


def _visible(source: str) -> set[str]:
    return _lines(REGION.sub("", source))


def _zip(path: Path, top: str, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{top}/{name}", DATE)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
