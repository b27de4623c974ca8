"""How many actors a cluster has room for; its first node has eight CPUs."""

import pytest

from rltools.cluster.session import check_ray_options, count_places, needs_of

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize(
    ("options", "places"),
    [
        ({}, 8),
        ({"num_cpus": 3}, 2),
        ({"num_cpus": 0.5}, 16),
        ({"num_cpus": 0}, 8),
        ({"num_gpus": 1}, 0),
        ({"num_cpus": 0, "resources": {"node:__internal_head__": 0.25}}, 4),
    ],
)
def test_room_for_actors(ray_cluster, options, places):
    assert count_places(check_ray_options(options)) == places


def test_an_actor_keeps_a_core_unless_told_otherwise(ray_cluster):
    assert check_ray_options({}) == {"num_cpus": 1}
    assert check_ray_options({"num_cpus": 0}) == {"num_cpus": 0}


def test_what_an_actor_needs():
    options = {"num_cpus": 2, "num_gpus": 0, "resources": {"camera": 1}, "name": "a"}
    assert needs_of(options) == {"CPU": 2, "camera": 1}
