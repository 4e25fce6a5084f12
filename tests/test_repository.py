"""The repository keeps its word: its files agree with each other, and tell nothing that they should not."""

import itertools
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import ds101

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
BUILT = {".ipynb", ".lock"}


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def requirements(*groups: list[str]) -> dict[str, Requirement]:
    parsed = [Requirement(line) for line in itertools.chain(*groups)]
    return {canonicalize_name(requirement.name): requirement for requirement in parsed}


def locked() -> dict[str, list[str]]:
    """Every version that the lock pins, by name: there may be one for each version of Python."""
    pins: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([\w.!+-]+)", (ROOT / "requirements.lock").read_text(), re.M):
        pins.setdefault(canonicalize_name(name), []).append(version)
    return pins


def test_conda_users_get_the_ranges_of_pyproject():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    conda = requirements([line for line in listed if isinstance(line, str) and line != "pip"])
    python = conda.pop("python")
    assert python.specifier == Requirement(f"python{PROJECT['requires-python']}").specifier
    assert conda == requirements(PROJECT["dependencies"], EXTRAS["student"])


def test_the_lock_pins_all_that_pyproject_asks_for():
    pins = locked()
    for name, requirement in requirements(PROJECT["dependencies"], *EXTRAS.values()).items():
        assert name in pins, f"{name} is not locked: run `make lock`"
        for version in pins[name]:
            assert version in requirement.specifier, f"{name} {version} is not {requirement}: run `make lock`"


def test_the_lock_has_a_hash_for_every_pin_and_names_no_place():
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text().strip())
    assert not [entry for entry in entries if "--hash=sha256:" not in entry]
    assert not [entry for entry in entries if "://" in entry or "--find-links" in entry or " @ " in entry]


def test_every_verb_of_make_says_what_it_does():
    makefile = (ROOT / "Makefile").read_text()
    verbs = re.search(r"^\.PHONY: (.*)$", makefile, re.M)[1].split()
    explained = re.findall(r"^([a-z]+):.*## \S", makefile, re.M)
    assert sorted(explained) == sorted(verbs)


def test_ci_runs_the_verb_that_people_run():
    assert "make test" in (ROOT / ".ci/run").read_text()


FORBIDDEN = {
    "a package registry's host": re.compile(
        "|".join(["pypi" + r"\.org", "python" + "hosted", "npm" + r"js\.(org|com)"])
    ),
    "a path of one machine": re.compile(r"(^|[^.\w])/(" + "|".join(["work", "farm", "root", "Users"]) + ")/"),
    "something left to do": re.compile("|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"])),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_tells(what):
    found = []
    for path in tracked():
        if path.suffix in {".png", ".ico"}:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if FORBIDDEN[what].search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_links_to_files_of_the_project_lead_somewhere():
    broken = []
    for page in [path for path in tracked() if path.suffix == ".md"]:
        # A chapter's links are followed from where its notebook stands.
        base = page.parent.parent if page.parent.name == "source" else page.parent
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
        targets = re.findall(r"\]\(([^)\s]+)[^)]*\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
        for target in targets:
            if not re.match(r"[a-z]+:|#", target) and not (base / target.split("#")[0]).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_the_readme_says_which_chapters_and_labs_are_there():
    readme = (ROOT / "README.md").read_text()
    rows = dict(re.findall(r"^\| (?:\[)?(\d\d)\b(.*)$", readme, re.M))
    assert sorted(rows) == [f"{number:02}" for number in range(13)]
    there = {path.name[:2]: path.name for path in ROOT.glob("course/*.ipynb")}
    for number, row in rows.items():
        if number in there:
            assert f"(course/{there[number]})" in row, f"the README does not link chapter {number}"
        else:
            assert "to come" in row, f"the README promises chapter {number}, which is not there"
    labs = {path.parent.name for path in ROOT.glob("labs/*/*.ipynb")}
    assert set(re.findall(r"\(labs/(lab\d\d-[\w-]+)/", readme)) == labs


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)[1]
    assert {citation["version"], newest} == {ds101.__version__}


def test_the_development_container_makes_the_environment_that_people_make():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    assert container["postCreateCommand"] == "make install"
