"""The pytest fixture `recorded`, a part of the plugin; imports nothing but pytest."""

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import gymnasium as gym

    from rltools.mocks.recording.recorded_envs import Mode

_PASSED = pytest.StashKey[bool]()
_SAVED = pytest.StashKey[set[Path]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that choose between recording and replay."""
    group = parser.getgroup("rltools", "reinforcement learning with rltools")
    group.addoption(
        "--rltools-record",
        action="store_true",
        help="record all environments of the fixture `recorded` anew",
    )
    group.addoption(
        "--rltools-replay-only",
        action="store_true",
        help="a missing recording is an error, and not made; so it is by default where "
        "the environment variable CI is set",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse options that contradict each other."""
    if config.option.rltools_record and config.option.rltools_replay_only:
        raise pytest.UsageError(
            "--rltools-record and --rltools-replay-only exclude each other"
        )
    saved: set[Path] = set()
    config.stash[_SAVED] = saved


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, None]:
    """Remember whether a test has passed, and say what to do if a replay has not."""
    if call.excinfo is not None and "recorded" in getattr(item, "fixturenames", ()):
        from rltools.errors import ReplayError

        if isinstance(call.excinfo.value, ReplayError):
            call.excinfo.value.add_note(
                "If the test is right, record it anew: pytest --rltools-record "
                f"'{item.nodeid}'"
            )
    outcome = yield
    if call.when == "call":
        item.stash[_PASSED] = outcome.get_result().passed


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say which files were written."""
    saved = config.stash[_SAVED]
    for path in sorted(saved):
        terminalreporter.write_line(f"recorded {os.path.relpath(path)}")


@pytest.fixture
def recorded(
    request: pytest.FixtureRequest,
) -> "Iterator[Callable[..., gym.Env[Any, Any]]]":
    """A function that records an environment once, and from then on plays it back.

    It takes a function that makes the environment and, optionally, a name or path. The
    file is `recordings/<module>/<test>.npz` beside the test, and is written only if the
    test passes. `--rltools-record` records anew; where `CI` is set, or with
    `--rltools-replay-only`, a missing file is an error.
    """
    from rltools.mocks.recording.recorded_envs import RecordedEnvs

    test = request.node.nodeid.partition("::")[2].replace("::", ".")
    recorded = RecordedEnvs(
        request.path,
        test,
        mode=_choose_mode(request.config),
        saved=request.config.stash[_SAVED],
    )
    yield recorded
    recorded.finish(passed=request.node.stash.get(_PASSED, False))


def _choose_mode(config: pytest.Config) -> "Mode":
    if config.option.rltools_record:
        return "record"
    in_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
    return "replay" if config.option.rltools_replay_only or in_ci else "once"
