"""Arguments of `python -m examples.ppo.train`."""

import argparse
import pathlib
from collections.abc import Sequence

import gymnasium as gym

from examples.ppo.commands.options import (
    change_config,
    load_config,
    named_config,
    save_config,
)
from examples.ppo.commands.parser import Parser, add_env_processes
from examples.ppo.config import Config
from examples.ppo.configs import CONFIGS
from examples.ppo.runs.run_folder import CONFIG_FILE, create_run_folder, find_run_folder
from rltools.bench.target import is_gymnasium_name, load_constructor
from rltools.errors import ConfigError


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line.

    Args:
        arguments: The arguments, or None for those of the process.

    Returns:
        The attributes `logdir`, `config`, `seed`, `timestamp`, `assignments` and
        `env_processes`; those not given are None.

    Raises:
        ConfigError: An argument is unknown, missing, malformed or makes no sense with
            another.
    """
    parser = Parser(prog="python -m examples.ppo.train", description="Train with PPO.")
    parser.add_argument(
        "--logdir", type=pathlib.Path, required=True, help="folder to put the run into"
    )
    parser.add_argument("--config", help=f"one of {', '.join(CONFIGS)}")
    parser.add_argument("--seed", type=int, help="seed of everything random")
    parser.add_argument(
        "--timestamp", help="go on with the run whose folder has this timestamp"
    )
    parser.add_argument(
        "--set",
        action="append",
        dest="assignments",
        metavar="NAME=VALUE",
        help="change an option of the config, may be repeated",
    )
    add_env_processes(parser)
    known = parser.parse_args(arguments)
    if not known.timestamp and not known.config:
        parser.error(f"--config is needed, one of {', '.join(CONFIGS)}")
    if known.timestamp and (known.assignments or known.seed is not None):
        parser.error("--timestamp goes on with the options the run was started with")
    return known


def open_run(arguments: argparse.Namespace) -> tuple[pathlib.Path, Config]:
    """Make the folder of a new run with its config, or find that of an earlier one.

    Args:
        arguments: See `parse_arguments`.

    Returns:
        The folder and the config in it.

    Raises:
        ConfigError: The config, an option of it or the timestamp is not valid, or the
            logdir can't be written to.
        gymnasium.error.Error: There is no environment of this name.
        InvalidArgumentError: There is no constructor of this name.
    """
    if arguments.timestamp:
        folder = find_run_folder(
            arguments.logdir, arguments.timestamp, arguments.config
        )
        return folder, load_config(folder / CONFIG_FILE)
    assignments = list(arguments.assignments or [])
    if arguments.seed is not None:
        assignments.append(f"seed={arguments.seed}")
    config = change_config(named_config(arguments.config), assignments)
    _check_env(config.env, arguments.config)
    folder = create_run_folder(arguments.logdir, arguments.config)
    save_config(config, folder / CONFIG_FILE)
    return folder, config


def _check_env(env: str, config_name: str) -> None:
    """Look an environment up here, rather than in every worker."""
    if not env:
        raise ConfigError(
            f"The config {config_name!r} has no environment of its own; name one with "
            "--set env=Name-v0, or a constructor with --set env=my_module:make."
        )
    if not is_gymnasium_name(env):
        load_constructor(env)
    elif ":" not in env:  # The prefix is a module, which registers the environment.
        gym.spec(env)
