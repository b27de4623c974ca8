"""Fixtures for tests of reinforcement learning code, found by pytest by themselves.

Nothing but pytest is imported until a fixture is used. All random numbers of a test
come from its own name, so that a test sees the same ones in every run and order.
"""

import contextlib
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

pytest_plugins = ["rltools.pytest_recorded"]

if TYPE_CHECKING:
    import numpy as np

    from rltools.batch_env import BatchEnv
    from rltools.mocks import MockAlgorithm, MockEnvironment
    from rltools.wrappers import ExternalProcess


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> "np.random.Generator":
    """A NumPy random generator whose seed is derived from the name of the test."""
    import numpy as np

    return np.random.default_rng(zlib.crc32(request.node.nodeid.encode()))


@pytest.fixture
def make_mock_environment(
    rng: "np.random.Generator",
) -> Iterator[Callable[..., "MockEnvironment"]]:
    """A function that makes mock environments and closes them after the test.

    It takes the arguments of `rltools.mocks.MockEnvironment`. Without a shape or space
    observations have shape (3,) and actions (2,), without a seed `rng` draws one.
    """
    from rltools.mocks import MockEnvironment

    with contextlib.ExitStack() as stack:

        def make(
            observ_shape: Any = None,
            action_shape: Any = None,
            *args: Any,
            **options: Any,
        ) -> "MockEnvironment":
            if observ_shape is None and options.get("observation_space") is None:
                observ_shape = (3,)
            if action_shape is None and options.get("action_space") is None:
                action_shape = (2,)
            options.setdefault("seed", int(rng.integers(2**31)))
            env = MockEnvironment(observ_shape, action_shape, *args, **options)
            stack.callback(env.close)
            return env

        yield make


@pytest.fixture
def mock_environment(
    make_mock_environment: Callable[..., "MockEnvironment"],
) -> "MockEnvironment":
    """A mock environment (not yet reset) with observations (3,) and actions (2,)."""
    return make_mock_environment()


@pytest.fixture
def mock_batch(
    make_mock_environment: Callable[..., "MockEnvironment"],
) -> Iterator["BatchEnv"]:
    """A batch (not yet reset) of three mock environments in this process."""
    from rltools.batch_env import BatchEnv

    batch = BatchEnv([make_mock_environment() for _ in range(3)])
    with contextlib.closing(batch):
        yield batch


@pytest.fixture
def mock_algorithm(
    mock_batch: "BatchEnv", rng: "np.random.Generator"
) -> "MockAlgorithm":
    """An algorithm of random valid actions for `mock_batch` that records its calls."""
    from rltools.mocks import MockAlgorithm

    return MockAlgorithm(mock_batch, seed=int(rng.integers(2**31)))


@pytest.fixture
def external_process() -> Iterator[Callable[..., "ExternalProcess"]]:
    """A function that starts environments in other processes and closes them all.

    It takes the arguments of `rltools.wrappers.ExternalProcess`. The processes end with
    the test, also when it fails.
    """
    from rltools.wrappers import ExternalProcess

    with contextlib.ExitStack() as stack:

        def start(*args: Any, **options: Any) -> "ExternalProcess":
            env = ExternalProcess(*args, **options)
            stack.callback(env.close)
            return env

        yield start
