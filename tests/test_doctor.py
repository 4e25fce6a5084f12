"""What a machine can do is told with how to get the rest; what the system offers is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.jobs import Limits
from autograder.sandbox import cgroups, doctor, trying


def test_every_finding_is_a_sentence_or_says_what_to_do():
    findings = list(doctor.report())
    assert len(findings) > 8
    assert all(text.endswith((".", "LAB", "lab", "1024")) for _, text in findings), findings


def test_without_bubblewrap_it_says_how_to_get_it(monkeypatch):
    trying._tried.cache_clear()
    monkeypatch.setenv("PATH", "/nowhere")
    works, text = next(iter(doctor.report()))
    trying._tried.cache_clear()
    assert not works
    assert "bubblewrap" in text or "Linux" in text


@pytest.fixture
def delegated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks as a delegated cgroup does. What a real one does by itself, it doesn't."""
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    (tmp_path / "cgroup.subtree_control").write_text("\n")
    (tmp_path / "cgroup.procs").write_text("4242\n")
    monkeypatch.setenv("DS101_CGROUP", str(tmp_path))
    return tmp_path


def test_a_delegated_cgroup_is_divided(delegated):
    group = cgroups.group(Limits(memory=1 << 30, disk=1 << 20, processes=10))
    assert group is not None
    assert (delegated / "ds101-self" / "cgroup.procs").read_text() == "4242"
    assert (delegated / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert (group.path / "memory.max").read_text() == str((1 << 30) + (1 << 20))
    assert (group.path / "pids.max").read_text() == "13"
    assert not group.ran_out()
    (group.path / "memory.events").write_text("low 0\noom 1\noom_kill 2\n")
    assert group.ran_out()


def test_without_the_controllers_there_is_no_group(delegated):
    (delegated / "cgroup.controllers").write_text("cpu\n")
    assert cgroups.group(Limits()) is None


def test_without_a_cgroup_there_is_no_group(monkeypatch, tmp_path):
    monkeypatch.setenv("DS101_CGROUP", str(tmp_path / "nowhere"))
    assert cgroups.group(Limits()) is None


@pytest.mark.sandbox
def test_a_group_that_can_not_be_joined_stops_nothing(bubblewrap, delegated):
    from autograder.sandbox import start

    with start(["true"]) as program:
        assert program.process.wait(10) == 0
    assert program.ended_by == ""
