import gymnasium as gym
import pytest

from examples.ppo.commands.command_line import open_run, parse_arguments
from examples.ppo.configs import CONFIGS
from rltools.errors import ConfigError, InvalidArgumentError


@pytest.fixture
def parse(tmp_path):
    return lambda *rest: parse_arguments([f"--logdir={tmp_path}", *rest])


@pytest.mark.parametrize(
    ("flags", "expected"),
    [([], None), (["--env_processes"], True), (["--noenv_processes"], False)],
)
def test_processes_are_for_the_machine_to_choose_by_default(parse, flags, expected):
    assert parse("--config=pendulum", *flags).env_processes is expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "--config is needed, one of pendulum, cartpole"),
        (["--config=pendulum", "--sed=1"], "unrecognized arguments: --sed=1"),
        (["--config=pendulum", "--seed=x"], "invalid int value: 'x'"),
        (["--timestamp=20240131T120000", "--seed=1"], "the run was started with"),
        (["--timestamp=20240131T120000", "--set", "a=1"], "the run was started with"),
        (["--config=a", "--env_processes", "--noenv_processes"], "not allowed with"),
    ],
)
def test_wrong_arguments_are_an_error(parse, arguments, expected):
    with pytest.raises(ConfigError) as error:
        parse(*arguments)
    assert expected in str(error.value)


def test_logdir_is_needed():
    with pytest.raises(ConfigError, match="required: --logdir"):
        parse_arguments(["--config=pendulum"])


def test_new_run_has_its_config_in_its_folder(parse, tmp_path):
    folder, config = open_run(
        parse("--config=pendulum", "--seed=7", "--set", "discount=0.5")
    )
    assert folder.parent == tmp_path
    assert (config.seed, config.discount) == (7, 0.5)
    assert config.env == CONFIGS["pendulum"].env
    stamp = folder.name.partition("-")[0]
    assert open_run(parse(f"--timestamp={stamp}")) == (folder, config)
    assert open_run(parse(f"--timestamp={stamp}", "--config=pendulum"))[0] == folder
    with pytest.raises(ConfigError, match="has the config 'pendulum'"):
        open_run(parse(f"--timestamp={stamp}", "--config=cartpole"))


@pytest.mark.parametrize(
    ("arguments", "error", "expected"),
    [
        (["--config=pendulumm"], ConfigError, "did you mean 'pendulum'"),
        (["--config=pendulum", "--set", "sed=1"], ConfigError, "did you mean 'seed'"),
        (["--config=pendulum", "--seed=-1"], ConfigError, "seed to be at least 0"),
        (
            ["--config=pendulum", "--set", "env=Pendulun-v1"],
            gym.error.Error,
            "Pendulum",
        ),
        (
            ["--config=custom"],
            ConfigError,
            "'custom' has no environment of its own; name one with --set env=",
        ),
        (["--config=pendulum", "--set", "env="], ConfigError, "no environment of its"),
        (
            ["--config=custom", "--set", "env=my_modul:make"],
            InvalidArgumentError,
            "can't import 'my_modul': there is no such module",
        ),
        (
            ["--config=custom", "--set", "env=collections:deqe"],
            InvalidArgumentError,
            "there is no 'deqe', did you mean 'deque'?",
        ),
    ],
)
def test_wrong_config_leaves_no_folder(parse, tmp_path, arguments, error, expected):
    with pytest.raises(error, match=expected):
        open_run(parse(*arguments))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("env", ["Pendulum-v1", "some_module:Any-v0", "builtins:list"])
def test_environments_are_names_or_constructors(parse, env):
    """A module is not imported only to see whether it registers a name."""
    _, config = open_run(parse("--config=custom", "--set", f"env={env}"))
    assert config.env == env
