"""Configs as text: changed from the command line, written to and read from JSON."""

import dataclasses
import json
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

from examples.ppo.config import Config, unknown
from examples.ppo.configs import CONFIGS
from rltools import manifest
from rltools.errors import ConfigError

_FIELDS = tuple(field.name for field in dataclasses.fields(Config))


def named_config(name: str) -> Config:
    """Look up a config by its name.

    Raises:
        ConfigError: There is no config of this name; names the closest one.
    """
    if name not in CONFIGS:
        raise ConfigError(unknown("config", name, CONFIGS))
    return CONFIGS[name]


def config_from(values: Mapping[str, Any]) -> Config:
    """Build a config from names and values, as they are found in JSON.

    Args:
        values: Every option that has no default, and any others. Lists stand for
            tuples.

    Raises:
        ConfigError: An option is unknown, missing, or has a wrong type or value.
    """
    for name in values:
        if name not in _FIELDS:
            raise ConfigError(unknown("option", name, _FIELDS))
    for field in dataclasses.fields(Config):
        if field.name not in values and field.default is dataclasses.MISSING:
            raise ConfigError(f"The option {field.name!r} is missing.")
    options: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
    }
    return Config(**options)


def change_config(config: Config, assignments: Iterable[str]) -> Config:
    """Apply assignments such as `"learning_rate=1e-3"` or `"policy_layers=[32]"`.

    Args:
        config: The config to start from; it is left as it is.
        assignments: Texts `name=value`, the value in JSON. Text needs no quotes.

    Raises:
        ConfigError: An assignment has no `=`, or see `config_from`.
    """
    values = dataclasses.asdict(config)
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(f"Expected name=value, got {assignment!r}.")
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = text
        values[name] = value
    return config_from(values)


def save_config(config: Config, path: pathlib.Path) -> None:
    """Write a config as JSON, one option a line; all of it or nothing.

    Raises:
        ConfigError: The file can't be written, for example because the disk is full.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.write_text(json.dumps(dataclasses.asdict(config), indent=2) + "\n")
        manifest.sync(partial)
        partial.replace(path)
        manifest.sync(path.parent)
    except OSError as error:
        raise ConfigError(
            f"Can't write the config {path}: {error.strerror}."
        ) from error


def load_config(path: pathlib.Path) -> Config:
    """Read a config that was written by `save_config`.

    Raises:
        ConfigError: The file can't be read, is not JSON, or see `config_from`.
    """
    try:
        values = json.loads(path.read_text())
    except OSError as error:
        raise ConfigError(f"Can't read the config {path}: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigError(f"The config {path} is not valid JSON: {error}.") from error
    if not isinstance(values, dict):
        raise ConfigError(f"Expected {path} to hold a JSON object.")
    return config_from(values)
