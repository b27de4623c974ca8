import re

# pytester forgets what its tests import, but NumPy can't be imported a second time.
import gymnasium  # noqa: F401
import numpy  # noqa: F401
import pytest

pytest_plugins = ["pytester"]


@pytest.fixture
def run(pytester):
    """Run a test file in a fresh directory, with the plugin as it is installed."""

    def run(source, *arguments):
        pytester.makepyfile(source)
        return pytester.runpytest("-p", "no:cacheprovider", *arguments)

    return run


def test_mock_environment(run):
    result = run("""
        import pytest
        from rltools.errors import ResetNeededError
        from rltools.mocks import MockEnvironment

        def test_it(mock_environment):
            assert isinstance(mock_environment, MockEnvironment)
            with pytest.raises(ResetNeededError):
                mock_environment.step(mock_environment.action_space.sample())
            observ, _ = mock_environment.reset()
            assert observ.shape == (3,)
            assert mock_environment.action_space.shape == (2,)
    """)
    result.assert_outcomes(passed=1)


def test_make_mock_environment(run):
    result = run("""
        import gymnasium as gym
        import numpy as np
        import pytest
        from rltools.errors import ClosedError

        made = []

        def test_arguments(make_mock_environment):
            assert make_mock_environment().action_space.shape == (2,)
            env = make_mock_environment((4,), (1,), 5, 5)
            assert env.observation_space.shape == (4,)
            assert env.action_space.shape == (1,)
            env.reset()
            assert env.durations == [5]
            space = gym.spaces.Discrete(3)
            env = make_mock_environment(observation_space=space, action_space=space)
            assert env.observation_space == env.action_space == space

        def test_seeds(make_mock_environment):
            envs = [make_mock_environment(seed=seed) for seed in (1, 1, None)]
            envs += [make_mock_environment(), make_mock_environment()]
            a, b, c, d, e = [tuple(env.reset()[0]) for env in envs]
            assert a == b
            assert len({a, c, d, e}) == 4

        def test_failing(make_mock_environment):
            made.extend([make_mock_environment(), make_mock_environment()])
            assert False

        def test_closed():
            for env in made:
                with pytest.raises(ClosedError):
                    env.reset()
    """)
    result.assert_outcomes(passed=3, failed=1)


def test_mock_batch_and_algorithm(run):
    result = run("""
        import gymnasium as gym
        import numpy as np
        import pytest
        import rltools
        from rltools.errors import ClosedError

        batches = []

        def test_play(mock_batch, mock_algorithm):
            batches.append(mock_batch)
            assert isinstance(mock_batch, rltools.BatchEnv)
            assert len(mock_batch) == 3
            indices = np.arange(3)
            observ, _ = mock_batch.reset()
            assert len(set(map(tuple, observ))) == 3
            mock_algorithm.begin_episode(indices)
            mock_batch.step(mock_algorithm.perform(indices, observ))
            assert len(mock_algorithm.calls) == 2

        def test_closed():
            with pytest.raises(ClosedError):
                batches[0].reset()
    """)
    result.assert_outcomes(passed=2)


def test_external_process_closes_what_it_made(run):
    result = run("""
        import os
        import pytest
        from rltools.errors import ClosedError
        from rltools.mocks import MockEnvironment

        class Telling(MockEnvironment):
            def get_pid(self):
                return os.getpid()

        envs, pids = [], []

        def test_failing(external_process):
            for _ in range(2):
                env = external_process(lambda: Telling((3,), (2,)), timeout=30)
                envs.append(env)
                pids.append(env.call("get_pid")())
            assert env.reset()[0].shape == (3,)
            assert os.getpid() not in pids
            assert False

        def test_closed():
            assert len(set(pids)) == 2
            for env, pid in zip(envs, pids):
                with pytest.raises(ClosedError):
                    env.reset()
                with pytest.raises(ProcessLookupError):
                    os.kill(pid, 0)
    """)
    result.assert_outcomes(passed=1, failed=1)


def test_rng_depends_on_the_test_only(run, pytester):
    source = """
        import numpy as np

        def test_one(rng):
            assert isinstance(rng, np.random.Generator)
            print("one", rng.integers(2**62))

        def test_two(rng, make_mock_environment):
            print("two", rng.integers(2**62), *make_mock_environment().reset()[0])
    """
    pattern = re.compile(r"^(one|two) .*$", re.MULTILINE)
    outputs = []
    for selection in ([], [], ["-k", "two"]):
        result = run(source, "-s", "-q", *selection)
        text = re.sub(r"^\.", "", result.stdout.str(), flags=re.MULTILINE)
        outputs.append([match[0] for match in pattern.finditer(text)])
    assert outputs[0] == outputs[1]
    assert outputs[2] == outputs[0][1:]
    first, second = (line.split()[1] for line in outputs[0])
    assert first != second


def test_docstrings_show_as_help(run):
    result = run("", "--fixtures")
    names = (
        *("external_process", "make_mock_environment", "mock_algorithm", "mock_batch"),
        *("mock_environment", "no_leaks", "rng", "external_process_options"),
        *("mock_algorithm_options", "mock_batch_options", "mock_environment_options"),
        *("no_leaks_options", "rng_options"),
    )
    for name in names:
        place = rf"{name} -- .*rltools/.*\.py:\d+"
        result.stdout.re_match_lines([place, r"    [A-Z].*[.:]$"])


def test_fixtures_may_be_overridden(run):
    result = run("""
        import numpy as np
        import pytest

        @pytest.fixture
        def rng():
            return np.random.default_rng(0)

        def test_it(mock_environment):
            seed = int(np.random.default_rng(0).integers(2**31))
            observ = mock_environment.reset()[0]
            assert np.array_equal(observ, mock_environment.reset(seed=seed)[0])
    """)
    result.assert_outcomes(passed=1)
