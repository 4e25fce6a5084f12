"""One meaning in every world: each scenario runs on real processes and in the simulation, and promises the same."""

from collections.abc import Callable
from typing import Any

import pytest

from ds101 import Cluster, Simulation
from ds101.world import World
from tests.scenarios import SCENARIOS


@pytest.mark.cluster
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_a_scenario_means_the_same_in_both_worlds(
    scenario: Callable[[World], Any], count: Callable[[int, int], int]
) -> None:
    with Cluster(SCENARIOS[scenario], n=3) as world:
        promised = scenario(world)
    for seed in range(count(5, 100)):
        with Simulation(SCENARIOS[scenario], n=3, seed=seed) as world:
            assert scenario(world) == promised, f"seed {seed}"
