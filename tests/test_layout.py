"""The library's layout: what it offers, and that its rooms depend on each other one way."""

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import ds101

LIBRARY = Path(ds101.__file__).parent


def imported_modules(path: Path) -> Iterator[str]:
    """The modules that a file imports when it is imported; not those that a function imports when it is called."""
    waiting: list[ast.AST] = [ast.parse(path.read_text())]
    while waiting:
        for node in ast.iter_child_nodes(waiting.pop()):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_for_types_alone(node):
                waiting.append(node)


def is_for_types_alone(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def rooms() -> dict[str, set[str]]:
    """Which rooms (modules and packages right under ds101) each room needs."""
    needs: dict[str, set[str]] = {}
    for path in sorted(LIBRARY.rglob("*.py")):
        room = path.relative_to(LIBRARY).parts[0].removesuffix(".py")
        if room != "__init__":
            ours = (name.split(".")[1] for name in imported_modules(path) if name.startswith("ds101."))
            needs.setdefault(room, set()).update(set(ours) - {room})
    return needs


def test_no_room_depends_on_itself_through_others():
    list(TopologicalSorter(rooms()).static_order())  # raises CycleError, with the cycle


def test_what_all_worlds_share_knows_no_world():
    worlds = {"cluster", "processes", "proxy", "labs", "notebooks", "cli"}
    for room in ("errors", "faults", "history", "messages", "node", "trace", "verdict", "draw"):
        assert not worlds & rooms()[room], room


def test_the_library_imports_nothing_of_the_repository_around_it():
    around = {"autograder", "benchmarks", "solutions", "tests"}
    for path in LIBRARY.rglob("*.py"):
        assert not around & {name.split(".")[0] for name in imported_modules(path)}, path


def test_every_public_name_is_exported_once_and_explained():
    assert len(set(ds101.__all__)) == len(ds101.__all__)
    objects = [getattr(ds101, name) for name in ds101.__all__]
    assert len({id(thing) for thing in objects}) == len(objects), "one thing, two names"
    unexplained = [name for name in ds101.__all__ if not inspect.getdoc(getattr(ds101, name))]
    assert unexplained == []


def test_what_is_exported_is_all_that_is_visible():
    modules = {name for name, value in vars(ds101).items() if inspect.ismodule(value)}
    plumbing = {"Any", "TYPE_CHECKING", "import_module"}
    visible = {name for name in dir(ds101) if not name.startswith("_")} - modules - plumbing
    assert visible == set(ds101.__all__) == set(ds101._ROOMS)


def test_asking_for_one_name_opens_no_other_room():
    command = (
        "import sys; from ds101 import Node; print(sorted(name for name in sys.modules if name.startswith('ds101')))"
    )
    opened = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout
    assert "ds101.node" in opened
    for room in ("cluster", "simulation", "explorer", "draw", "proxy"):
        assert f"ds101.{room}" not in opened


def test_a_name_that_is_not_there_is_told_as_python_does():
    with pytest.raises(AttributeError, match="module 'ds101' has no attribute 'Clutser'"):
        ds101.Clutser  # noqa: B018
