"""Fixtures for tests of reinforcement learning code, found by pytest by themselves.

Each takes options from a marker of its name, `@pytest.mark.mock_batch(num_envs=8)`, on
a test, a class or a module; and, for all tests that see it, from a fixture of that name
and `_options` that returns a dictionary.

Nothing heavy is imported until a fixture is used. All random numbers of a test come
from its own name, so that a test sees the same ones in every run and order.
"""

import contextlib
import inspect
import itertools
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from rltools.fixtures import leak_checks
from rltools.fixtures.leak_checks import no_leaks, no_leaks_options
from rltools.fixtures.markers import describe_marker, gather_options
from rltools.fixtures.options import (
    ExternalProcessOptions,
    FixtureOptions,
    MockAlgorithmOptions,
    MockBatchOptions,
    MockEnvironmentOptions,
    NoLeaksOptions,
    RngOptions,
)

pytest_plugins = ["rltools.pytest_recorded"]

if TYPE_CHECKING:
    import numpy as np

    from rltools.batch_env import BatchEnv
    from rltools.mocks import MockAlgorithm, MockEnvironment
    from rltools.wrappers import ExternalProcess

__all__ = ["no_leaks", "no_leaks_options"]  # Fixtures from elsewhere.
_OPTIONS: tuple[type[FixtureOptions], ...] = (
    MockEnvironmentOptions,
    MockBatchOptions,
    MockAlgorithmOptions,
    ExternalProcessOptions,
    NoLeaksOptions,
    RngOptions,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the command line."""
    parser.getgroup("rltools").addoption(
        "--rltools-no-leaks",
        action="store_true",
        help="Fail every test that leaves a process, descriptor, shared memory or "
        "thread behind, as with the fixture `no_leaks`.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, each with its signature."""
    for options in _OPTIONS:
        config.addinivalue_line("markers", describe_marker(options))


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say where the check for leaks sees less than it could."""
    if not config.getoption("rltools_no_leaks"):
        return None
    from rltools.leaks.processes import list_processes

    if list_processes():
        return None
    return "rltools: leaks of descriptors and threads only can be found on this system"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Have the check for leaks, where it is wanted, around all else of a test."""
    everywhere = item.config.getoption("rltools_no_leaks")
    leak_checks.add_to_fixtures(item, everywhere=everywhere)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: "pytest.CallInfo[Any]") -> None:
    """Tell the check for leaks of errors, which keep alive what they refer to."""
    leak_checks.note_error(item, call)


@pytest.fixture
def rng_options() -> Mapping[str, Any]:
    """Options of `rng`, to be overridden: those of its marker, as a dictionary."""
    return {}


@pytest.fixture
def rng(
    request: pytest.FixtureRequest,
    rng_options: Mapping[str, Any],
) -> "np.random.Generator":
    """A NumPy random generator whose seed is derived from the name of the test."""
    import numpy as np

    seed = gather_options(RngOptions, request, rng_options).seed
    if seed is None:
        seed = zlib.crc32(request.node.nodeid.encode())
    return np.random.default_rng(seed)


@pytest.fixture
def mock_environment_options() -> Mapping[str, Any]:
    """Options of all mock environments, to be overridden: those of the marker."""
    return {}


@pytest.fixture
def make_mock_environment(
    request: pytest.FixtureRequest,
    mock_environment_options: Mapping[str, Any],
    rng: "np.random.Generator",
) -> Iterator[Callable[..., "MockEnvironment"]]:
    """A function that makes mock environments and closes them after the test.

    It takes the arguments of `rltools.mocks.MockEnvironment`; what it is not given
    comes from the options of `mock_environment`. Without any of those observations have
    shape (3,) and actions (2,), and `rng` draws a seed for each.
    """
    from rltools.mocks import MockEnvironment

    options = gather_options(MockEnvironmentOptions, request, mock_environment_options)
    signature = inspect.signature(MockEnvironment)
    seeds = options.seeds(rng)
    with contextlib.ExitStack() as stack:

        def make(*args: Any, **kwargs: Any) -> "MockEnvironment":
            given = signature.bind_partial(*args, **kwargs).arguments
            seed = -1 if "seed" in given else next(seeds)
            env = options.constructor(seed, given)()
            stack.callback(env.close)
            return env

        yield make


@pytest.fixture
def mock_environment(
    request: pytest.FixtureRequest,
    mock_environment_options: Mapping[str, Any],
    rng: "np.random.Generator",
) -> Iterator["MockEnvironment"]:
    """A mock environment (not yet reset), closed after the test.

    Without options it has observations of shape (3,) and actions of shape (2,).
    """
    options = gather_options(MockEnvironmentOptions, request, mock_environment_options)
    with contextlib.closing(options.constructor(next(options.seeds(rng)))()) as env:
        yield env


@pytest.fixture
def mock_batch_options() -> Mapping[str, Any]:
    """Options of `mock_batch`, to be overridden: those of its marker."""
    return {}


@pytest.fixture
def mock_batch(
    request: pytest.FixtureRequest,
    mock_environment_options: Mapping[str, Any],
    mock_batch_options: Mapping[str, Any],
    rng: "np.random.Generator",
) -> Iterator["BatchEnv"]:
    """A batch (not yet reset) of mock environments, closed after the test.

    Without options there are three of them, in this process. What they are like are
    options of `mock_environment`.
    """
    from rltools.batch_env import BatchEnv

    options = gather_options(MockBatchOptions, request, mock_batch_options)
    of_each = gather_options(MockEnvironmentOptions, request, mock_environment_options)
    seeds = itertools.islice(of_each.seeds(rng), options.num_envs)
    batch = BatchEnv.launch(
        [of_each.constructor(seed) for seed in seeds],
        workers=options.workers,
        autoreset=options.autoreset,
        copy=options.copy,
        timeout=options.timeout,
        restarts=options.restarts,
    )
    with contextlib.closing(batch):
        yield batch


@pytest.fixture
def mock_algorithm_options() -> Mapping[str, Any]:
    """Options of `mock_algorithm`, to be overridden: those of its marker."""
    return {}


@pytest.fixture
def mock_algorithm(
    request: pytest.FixtureRequest,
    mock_algorithm_options: Mapping[str, Any],
    mock_batch: "BatchEnv",
    rng: "np.random.Generator",
) -> "MockAlgorithm":
    """An algorithm of random valid actions for `mock_batch` that records its calls."""
    from rltools.mocks import MockAlgorithm

    seed = gather_options(MockAlgorithmOptions, request, mock_algorithm_options).seed
    if seed is None:
        seed = int(rng.integers(2**31))
    return MockAlgorithm(mock_batch, seed=seed)


@pytest.fixture
def external_process_options() -> Mapping[str, Any]:
    """Options of `external_process`, to be overridden: those of its marker."""
    return {}


@pytest.fixture
def external_process(
    request: pytest.FixtureRequest,
    external_process_options: Mapping[str, Any],
) -> Iterator[Callable[..., "ExternalProcess"]]:
    """A function that starts environments in other processes and closes them all.

    It takes the arguments of `rltools.wrappers.ExternalProcess`; what it is not given
    comes from the options. Without any of those a request that takes more than a minute
    fails. The processes end with the test, also when it fails.
    """
    from rltools.wrappers import ExternalProcess

    options = gather_options(ExternalProcessOptions, request, external_process_options)
    with contextlib.ExitStack() as stack:

        def start(*args: Any, **kwargs: Any) -> "ExternalProcess":
            env = ExternalProcess(*args, **(asdict(options) | kwargs))
            stack.callback(env.close)
            return env

        yield start
