"""lab05: what is special to it."""

from __future__ import annotations

import pytest

from autograder.mutants import reference
from ds101.labs import judge
from ds101.verdict import Verdict


@pytest.fixture(scope="module")
def solution() -> tuple[object, ...]:
    return reference("lab05")


@pytest.mark.parametrize("world", ["orders", "simulation", "processes"])
def test_the_solution_holds_in_each_world(solution, world) -> None:
    report = judge("lab05", *solution, worlds=frozenset({world}))
    unjudged = {"every post everywhere"} if world == "orders" else set()  # liveness
    held = {one.title for one in report.asked if report.verdict_of(one) is Verdict.HOLDS}
    assert held == {one.title for one in report.asked} - unjudged
