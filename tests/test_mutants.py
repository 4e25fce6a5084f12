"""The graders are graded: every wrong solution breaks exactly what is listed for it, right ones break nothing."""

from collections.abc import Callable, Sequence

import pytest

from autograder.mutants import Mutant, labs, mutants_of
from autograder.mutants.alarms import false_alarms
from autograder.mutants.judged import ANOTHER_WAY, REFERENCE, Judged, Task, judged_apart
from ds101.labs.specification import find_lab

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(7200)]
QUICK = 2  # wrong solutions of a lab that are judged in `make test`, spread over its list


def chosen(lab: str, how_many: int) -> list[Mutant]:
    """So many of a lab's wrong solutions, spread over its list, the first and the last among them."""
    mutants = mutants_of(lab)
    step = max(1, (len(mutants) - 1) // max(1, how_many - 1))
    return list(mutants) if how_many >= len(mutants) else [*mutants[:-1:step], mutants[-1]][-how_many:]


@pytest.fixture(scope="module", params=labs())
def found(request: pytest.FixtureRequest, count: Callable[[int, int], int]) -> Sequence[tuple[Mutant, Judged]]:
    mutants = chosen(request.param, count(QUICK, 1000))
    judged = judged_apart([Task(request.param, mutant.name) for mutant in mutants])
    return list(zip(mutants, judged, strict=True))


def test_wrong_solutions_break_exactly_what_is_listed_for_them(found: Sequence[tuple[Mutant, Judged]]) -> None:
    otherwise = [
        f"{mutant.name}: broken but not listed {sorted(one.broken - mutant.breaks)}, "
        f"listed but not broken {sorted(mutant.breaks - one.broken)}\n{one.text}"
        for mutant, one in found
        if one.broken != mutant.breaks
    ]
    assert not otherwise, "\n\n".join(otherwise)


def test_what_a_wrong_solution_is_told_is_short_and_shows_no_line_of_ours(
    found: Sequence[tuple[Mutant, Judged]],
) -> None:
    for mutant, one in found:
        story = one.text.partition("\n\n")[2].splitlines()
        assert len(story) <= 25, one.text
        assert "Think:" in one.text
        assert f"check('{mutant.lab}'" in one.text
        assert "Traceback" not in one.text
        assert "/ds101/" not in one.text


def test_what_a_wrong_solution_breaks_does_not_depend_on_the_seed(count: Callable[[int, int], int]) -> None:
    seeds = range(2, 2 + count(0, 1))
    if not seeds:
        pytest.skip("takes long: in make soak")
    tasks = [Task(lab, mutant.name, seed) for lab in labs() for mutant in mutants_of(lab) for seed in seeds]
    listed = {(mutant.lab, mutant.name): mutant.breaks for lab in labs() for mutant in mutants_of(lab)}
    for one in judged_apart(tasks):
        assert one.broken == listed[one.task.lab, one.task.solution], f"{one.task}\n{one.text}"


@pytest.mark.parametrize("lab", labs())
def test_right_solutions_never_break_a_property(lab: str, count: Callable[[int, int], int]) -> None:
    if not count(0, 1):
        pytest.skip("takes long: in make soak")  # what follows is as good as one seed
    assert not list(false_alarms(lab, seeds=300, real=50))


@pytest.mark.parametrize("lab", labs())
def test_right_solutions_hold_every_property(lab: str, count: Callable[[int, int], int]) -> None:
    size = count(1, 2)
    for one in judged_apart([Task(lab, REFERENCE, seed=7, size=size), Task(lab, ANOTHER_WAY, seed=8, size=size)]):
        assert not one.broken, one.text
        assert not one.open, one.text


@pytest.mark.parametrize("lab", labs())
def test_every_property_is_broken_by_some_wrong_solution(lab: str) -> None:
    broken = {title for mutant in mutants_of(lab) for title in mutant.breaks}
    assert {one.title for one in find_lab(lab).properties} == broken


@pytest.mark.parametrize("lab", labs())
def test_a_lab_has_wrong_solutions_enough(lab: str) -> None:
    mutants = mutants_of(lab)
    assert len(mutants) >= (16 if lab == "lab12" else 10)
    assert len({mutant.name for mutant in mutants}) == len(mutants)


def test_an_edit_that_no_longer_fits_the_solution_says_so() -> None:
    stale = Mutant("lab01", "stale", "Edits what is not there.", {"no such line": ""}, frozenset())
    with pytest.raises(LookupError, match="'no such line' stands 0 times"):
        stale.parts()
