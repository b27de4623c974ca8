import itertools
import subprocess
import sys

# pytester forgets what its tests import, but NumPy can't be imported a second time.
import gymnasium  # noqa: F401
import numpy  # noqa: F401
import pytest

from rltools.mocks.recording.recording import load

pytest_plugins = ["pytester"]

TEST = """
    import gymnasium as gym
    from pathlib import Path

    def make():
        with open({log!r}, "a") as file:
            file.write("made ")
        return gym.make("CartPole-v1")

    def test_balance(recorded):
        env = recorded(make)
        observ, info = env.reset(seed={seed})
        assert observ.shape == (4,)
        env.step({action})
        {more}
"""


@pytest.fixture
def run(pytester, monkeypatch, tmp_path):
    """Run a test whose environment leaves a trace when it is made."""
    monkeypatch.delenv("CI", raising=False)
    numbers = itertools.count()

    def run(*arguments, seed=0, action=1, more="pass", source=TEST):
        log = tmp_path / f"log{next(numbers)}"
        log.write_text("")
        # Of other sizes, so that no compiled file is mistaken for it.
        code = source.format(log=str(log), seed=seed, action=action, more=more)
        path = pytester.makepyfile(test_it=code)
        path.write_text(path.read_text() + f"# {log.name * next(numbers)}\n")
        result = pytester.runpytest("-p", "no:cacheprovider", *arguments)
        result.made = log.read_text().count("made")
        return result

    run.folder = pytester.path / "recordings" / "test_it"
    return run


def test_recorded_once_and_played_back(run):
    first = run()
    first.assert_outcomes(passed=1)
    assert first.made == 1
    first.stdout.fnmatch_lines(["recorded recordings/test_it/test_balance.npz"])
    assert [path.name for path in run.folder.iterdir()] == ["test_balance.npz"]
    content = (run.folder / "test_balance.npz").read_bytes()
    second = run()
    second.assert_outcomes(passed=1)
    assert second.made == 0
    second.stdout.no_fnmatch_line("recorded *")
    assert (run.folder / "test_balance.npz").read_bytes() == content


def test_a_difference_fails_and_says_what_to_do(run):
    run()
    result = run(action=0)
    result.assert_outcomes(failed=1)
    assert result.made == 0
    result.stdout.fnmatch_lines(
        [
            "*- action: expected 1 (int), got 0 (int)",
            "*pytest --rltools-record 'test_it.py::test_balance'",
        ]
    )


def test_record_anew(run):
    run()
    before = (run.folder / "test_balance.npz").read_bytes()
    result = run("--rltools-record", action=0)
    result.assert_outcomes(passed=1)
    assert result.made == 1
    assert (run.folder / "test_balance.npz").read_bytes() != before
    run(action=0).assert_outcomes(passed=1)


@pytest.mark.parametrize("how", ["assert False", "pytest.skip()", "pytest.xfail()"])
def test_what_did_not_pass_is_not_saved(run, how):
    more = f"import pytest; {how}"
    result = run(more=more)
    assert "passed" not in result.parseoutcomes()
    assert result.made == 1
    assert not list(run.folder.iterdir())
    run().assert_outcomes(passed=1)
    before = (run.folder / "test_balance.npz").read_bytes()
    run("--rltools-record", more=more, action=0)
    assert (run.folder / "test_balance.npz").read_bytes() == before


@pytest.mark.parametrize("value", ["true", "1", "yes"])
def test_nothing_is_recorded_in_ci(run, monkeypatch, value):
    monkeypatch.setenv("CI", value)
    result = run()
    result.assert_outcomes(failed=1)
    assert result.made == 0
    result.stdout.fnmatch_lines(
        ["*test_balance.npz is missing, and is not made here: *--rltools-record*"]
    )
    assert not run.folder.exists()
    run("--rltools-record").assert_outcomes(passed=1)  # Asked for is asked for.
    result = run()
    result.assert_outcomes(passed=1)
    assert result.made == 0


@pytest.mark.parametrize("value", ["", "0", "false", "False"])
def test_where_there_is_no_ci(run, monkeypatch, value):
    monkeypatch.setenv("CI", value)
    run().assert_outcomes(passed=1)
    (run.folder / "test_balance.npz").unlink()
    result = run("--rltools-replay-only")
    result.assert_outcomes(failed=1)
    assert result.made == 0


def test_options_that_exclude_each_other(run):
    result = run("--rltools-record", "--rltools-replay-only")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*--rltools-record and --rltools-replay-only exclude*"]
    )


def test_names_of_files(run):
    source = """
        import gymnasium as gym
        import pytest
        from pathlib import Path

        def make():
            return gym.make("CartPole-v1")

        class TestThese:
            @pytest.mark.parametrize("value", ["a/b", "a_b", "0.5", "x"])
            def test_values(self, recorded, value):
                recorded(make).reset(seed=0)

        def test_several(recorded, tmp_path):
            recorded(make).reset(seed=0)
            recorded(make).reset(seed=1)
            recorded(make, "shared").reset(seed=2)
            recorded(make, "data/cart.npz").reset(seed=3)
            recorded(make, Path("beside")).reset(seed=4)
            recorded(make, Path({log!r} + ".npz")).reset(seed=5)
    """
    run(source=source).assert_outcomes(passed=5)
    names = sorted(path.name for path in run.folder.iterdir())
    assert names[2:] == [
        "TestThese.test_values[a_b].npz",
        "TestThese.test_values[x].npz",
        "shared.npz",
        "test_several.2.npz",
        "test_several.npz",
    ]
    assert names[0] == "TestThese.test_values[0.5].npz"
    assert names[1].startswith("TestThese.test_values[a_b]-")
    root = run.folder.parents[1]
    seeds = {
        path: load(root / path).episodes[0].seed
        for path in (
            *("recordings/test_it/test_several.npz", "beside", "data/cart.npz"),
            *("recordings/test_it/test_several.2.npz", "recordings/test_it/shared.npz"),
        )
    }
    assert list(seeds.values()) == [0, 4, 3, 1, 2]


def test_long_names_are_cut_and_stay_apart(run):
    source = """
        import gymnasium as gym
        import pytest

        @pytest.mark.parametrize("seed", [1, 2], ids=["x" * 300 + end for end in "ab"])
        def test_long(recorded, seed):
            recorded(lambda: gym.make("CartPole-v1")).reset(seed=seed)
    """
    run(source=source).assert_outcomes(passed=2)
    names = [path.name for path in run.folder.iterdir()]
    assert len(names) == 2
    assert all(len(name) < 150 for name in names)
    run("--rltools-replay-only", source=source).assert_outcomes(passed=2)


SHARED = """
    import gymnasium as gym
    import pytest

    @pytest.mark.parametrize("seed", [0, 0, {seed}])
    def test_shared(recorded, seed):
        def make():
            with open({log!r}, "a") as file:
                file.write("made ")
            return gym.make("CartPole-v1")

        env = recorded(make, "shared")
        env.reset(seed=seed)
        env.step({action})
"""


@pytest.mark.parametrize("arguments", [[], ["--rltools-record"]])
def test_a_shared_recording_is_made_once_in_a_run(run, arguments):
    run(source=SHARED).assert_outcomes(passed=3)
    result = run(*arguments, source=SHARED)
    result.assert_outcomes(passed=3)
    assert result.made == len(arguments)
    result = run(*arguments, source=SHARED, seed=1)
    result.assert_outcomes(passed=2, failed=1)
    assert result.made == len(arguments)


def test_errors_of_its_use(run):
    source = r"""
        import gymnasium as gym
        import pytest
        from rltools.errors import InvalidArgumentError, RecordingError

        def make():
            return gym.make("CartPole-v1")

        def test_twice(recorded):
            recorded(make, "a").reset(seed=0)
            with pytest.raises(InvalidArgumentError, match=r"to .*a\.npz already"):
                recorded(make, "a")

        def test_not_a_function(recorded):
            with pytest.raises(InvalidArgumentError, match="make to be callable"):
                recorded("CartPole-v1")
            with pytest.raises(InvalidArgumentError, match="env to be a gymnasium.Env"):
                recorded(lambda: 3)

        def test_unused(recorded):
            recorded(make)

        def test_swallowed(recorded):
            env = recorded(make)
            env.reset(seed=0)
            with pytest.raises(Exception):
                env.step("left")
    """
    result = run(source=source)
    result.assert_outcomes(passed=4, errors=2)
    result.stdout.fnmatch_lines(
        ["*test_unused.npz was not written: there was no reset."]
    )
    result.stdout.fnmatch_lines(["*test_swallowed.npz was not written: step 1 of *"])


def test_environments_are_closed_and_saved_after_they_were_closed(run):
    source = """
        import gymnasium as gym

        closed = []

        class Closing(gym.Wrapper):
            def close(self):
                closed.append(self)
                super().close()

        def make():
            return Closing(gym.make("CartPole-v1"))

        def test_closing(recorded):
            with recorded(make) as env:
                env.reset(seed=0)

        def test_open(recorded):
            recorded(make).reset(seed=0)

        def test_failing(recorded):
            recorded(make).reset(seed=0)
            assert False

        def test_failing_later(recorded):
            with recorded(make) as env:
                env.reset(seed=0)
            assert False

        def test_all():
            assert len(set(closed)) == {seed}
    """
    run(source=source, seed=4).assert_outcomes(passed=3, failed=2)
    assert sorted(path.stem for path in run.folder.iterdir()) == [
        "test_closing",
        "test_open",
    ]
    run(source=source, seed=2).assert_outcomes(passed=3, failed=2)


def test_a_test_that_did_not_run_has_not_passed(run):
    source = """
        import gymnasium as gym
        import pytest

        @pytest.fixture
        def env(recorded):
            env = recorded(lambda: gym.make("CartPole-v1"))
            env.reset(seed=0)
            return env

        def test_it(env):
            pass
    """
    run("--setup-only", source=source)
    assert not list(run.folder.iterdir())
    run(source=source).assert_outcomes(passed=1)
    assert [path.stem for path in run.folder.iterdir()] == ["test_it"]


def test_it_shows_as_help(run):
    result = run("--fixtures")
    result.stdout.re_match_lines([r"recorded -- .*recorded.py:\d+", r"    A fun"])
    result = run("--help")
    result.stdout.re_match_lines([r"  --rltools-record", r"  --rltools-replay"])


def test_the_plugin_is_light():
    program = (
        "import sys, pytest; before = set(sys.modules)\n"
        "import rltools.pytest_recorded\n"
        "print(*sorted(name.split('.')[0] for name in set(sys.modules) - before))"
    )
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert set(child.stdout.split()) <= {"rltools", "zlib"}
