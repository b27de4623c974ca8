"""What is decided from a measurement, and that it is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools.launching.plan import LaunchPlan, decide, format_seconds

COUNTS = st.integers(1, 200)
SECONDS = st.floats(1e-7, 10)


@given(SECONDS, st.floats(0, 1), COUNTS, st.integers(1, 64), st.booleans())
def test_every_plan_has_a_place_for_each_environment(
    seconds, busy, num_envs, cores, may_be_here
):
    plan = decide(seconds, busy, num_envs, cores, may_be_here=may_be_here)
    assert 0 <= plan.here < num_envs
    assert plan.workers <= num_envs - plan.here
    assert plan.workers or may_be_here
    assert plan.here == 0 or may_be_here
    assert format_seconds(seconds) in str(plan)


@given(SECONDS, COUNTS, st.integers(1, 64))
def test_busy_environments_get_no_more_processes_than_cores(seconds, num_envs, cores):
    plan = decide(seconds, 1.0, num_envs, cores, may_be_here=True)
    assert plan.workers + (plan.here > 0) <= max(1, cores)


@pytest.mark.parametrize(
    ("seconds", "busy", "num_envs", "workers", "here"),
    [
        (1e-7, 1.0, 32, 0, 0),  # Nothing to gain.
        (6e-6, 1.0, 32, 1, 16),  # This process takes the place of a worker.
        (1e-3, 1.0, 32, 2, 0),  # A worker for each core.
        (1e-3, 0.02, 8, 8, 0),  # All wait at the same time.
        (10e-3, 1.0, 1, 0, 0),  # One is not faster elsewhere.
    ],
)
def test_two_cores(seconds, busy, num_envs, workers, here):
    plan = decide(seconds, busy, num_envs, 2, may_be_here=True)
    assert (plan.workers, plan.here) == (workers, here)


def test_plans_in_words():
    assert str(LaunchPlan(0, False, "why")) == "in this process (why)"
    assert str(LaunchPlan(1, False, "why")) == "in 1 worker (why)"
    plan = LaunchPlan(3, True, "why", here=4)
    expected = "in 3 workers, each on its own core and 4 of them in this process (why)"
    assert str(plan) == expected
