"""The graders are graded: every wrong solution breaks exactly what is listed for it, right ones break nothing."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograder.mutants import Mutant, lab01_another_way, labs, mutants_of, reference
from ds101.labs import judge
from ds101.labs.report import Report

MUTANTS = [mutant for lab in labs() for mutant in mutants_of(lab)]
AT_ONCE = 4  # judging is mostly waiting for deadlines

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(3600)]


def judged(seed: int) -> Mapping[str, Report]:
    solutions = [mutant.parts() for mutant in MUTANTS]  # here: Python 3.11 can't parse on several threads
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda mutant, parts: judge(mutant.lab, *parts, seed=seed), MUTANTS, solutions)
        return dict(zip((mutant.name for mutant in MUTANTS), found, strict=True))


@pytest.fixture(scope="module")
def reports() -> Mapping[str, Report]:
    return judged(seed=1)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.lab}-{mutant.name}".replace(" ", "-"))
def test_a_wrong_solution_breaks_exactly_what_is_listed_for_it(mutant: Mutant, reports: Mapping[str, Report]) -> None:
    report = reports[mutant.name]
    assert report.broken == mutant.breaks, report.text()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.lab}-{mutant.name}".replace(" ", "-"))
def test_what_a_wrong_solution_is_told_is_short_and_shows_no_line_of_ours(
    mutant: Mutant, reports: Mapping[str, Report]
) -> None:
    text = reports[mutant.name].text()
    story = text[text.index("\n\n") :].splitlines()
    assert len(story) <= 25
    assert "Think:" in text
    assert f"check('{mutant.lab}'" in text
    assert "Traceback" not in text
    assert "/ds101/" not in text


def test_what_a_wrong_solution_breaks_does_not_depend_on_the_seed(count: Callable[[int, int], int]) -> None:
    seeds = range(2, 2 + count(0, 10))
    if not seeds:
        pytest.skip("takes long: in make soak")
    for seed in seeds:
        for name, report in judged(seed).items():
            (mutant,) = [one for one in MUTANTS if one.name == name]
            assert report.broken == mutant.breaks, f"seed {seed}, {name}\n{report.text()}"


def test_our_solution_never_breaks_a_property(count: Callable[[int, int], int]) -> None:
    for seed in range(100, 100 + count(2, 50)):
        report = judge("lab01", *reference("lab01"), seed=seed, size=2)
        assert report.points == report.most, f"seed {seed}\n{report.text()}"


def test_a_right_solution_that_is_built_otherwise_never_breaks_a_property(count: Callable[[int, int], int]) -> None:
    other = lab01_another_way
    for seed in range(200, 200 + count(2, 50)):
        report = judge("lab01", other.encode, other.Decoder, other.exchange, other.serve, seed=seed, size=2)
        assert report.points == report.most, f"seed {seed}\n{report.text()}"


def test_every_property_is_broken_by_some_wrong_solution(reports: Mapping[str, Report]) -> None:
    for lab in labs():
        broken = {title for mutant in mutants_of(lab) for title in mutant.breaks}
        assert {one.title for one in reports[mutants_of(lab)[0].name].asked} == broken


def test_an_edit_that_no_longer_fits_the_solution_says_so() -> None:
    stale = Mutant("lab01", "stale", "Edits what is not there.", {"no such line": ""}, frozenset())
    with pytest.raises(LookupError, match="'no such line' stands 0 times"):
        stale.parts()
