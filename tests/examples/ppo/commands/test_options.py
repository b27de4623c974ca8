import dataclasses
import errno
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.ppo.commands.options import (
    change_config,
    config_from,
    load_config,
    named_config,
    save_config,
)
from examples.ppo.configs import CONFIGS
from rltools import manifest
from rltools.errors import ConfigError

PENDULUM = CONFIGS["pendulum"]


def test_unknown_config_names_the_closest():
    with pytest.raises(ConfigError, match="did you mean 'pendulum'"):
        named_config("pendulumm")


def test_config_unlike_any_other_lists_all():
    with pytest.raises(ConfigError, match="known are pendulum, cartpole"):
        named_config("zzz")


@pytest.mark.parametrize(
    ("assignment", "name", "expected"),
    [
        ("learning_rate=1e-3", "learning_rate", 1e-3),
        ("policy_layers=[32, 16]", "policy_layers", (32, 16)),
        ("policy_layers=[]", "policy_layers", ()),
        ("env=CartPole-v1", "env", "CartPole-v1"),
        ('env="a=b"', "env", "a=b"),
        ("env=a=b", "env", "a=b"),
        ("normalize_rewards=false", "normalize_rewards", False),
    ],
)
def test_assignment_changes_one_option(assignment, name, expected):
    changed = change_config(PENDULUM, [assignment])
    assert changed == dataclasses.replace(PENDULUM, **{name: expected})
    assert type(getattr(changed, name)) is type(expected)


def test_assignments_are_checked_together():
    """Options that depend on each other can change in any order."""
    changed = change_config(
        PENDULUM, ["update_every=96", "eval_every=96", "steps=192", "batch_size=32"]
    )
    assert (changed.update_every, changed.batch_size) == (96, 32)


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("learnig_rate=1", "no option 'learnig_rate'; did you mean 'learning_rate'?"),
        ("learning_rate", "Expected name=value, got 'learning_rate'"),
        ("learning_rate=fast", "Expected learning_rate to be float, got 'fast' (str)"),
        ("steps=null", "Expected steps to be int, got None"),
        ("normalize_rewards=False", "normalize_rewards to be bool, got 'False' (str)"),
    ],
)
def test_wrong_assignment_is_an_error(assignment, expected):
    with pytest.raises(ConfigError) as error:
        change_config(PENDULUM, [assignment])
    assert expected in str(error.value)


@given(
    st.fixed_dictionaries(
        {
            "env": st.text(min_size=1),
            "seed": st.integers(0, 2**70),
            "discount": st.floats(0, 1),
            "learning_rate": st.floats(0, 10, exclude_min=True),
            "policy_layers": st.lists(st.integers(1, 512), max_size=4).map(tuple),
            "normalize_ranges": st.booleans(),
        }
    )
)
def test_saving_and_loading_is_a_round_trip(tmp_path_factory, options):
    path = tmp_path_factory.mktemp("run") / "config.json"
    config = dataclasses.replace(PENDULUM, **options)
    save_config(config, path)
    assert load_config(path) == config


def test_saved_config_is_one_option_a_line(tmp_path):
    save_config(PENDULUM, tmp_path / "config.json")
    lines = (tmp_path / "config.json").read_text().splitlines()
    assert '  "learning_rate": 0.001,' in lines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "is not valid JSON"),
        ("[]", "to hold a JSON object"),
        ("{}", "option 'env' is missing"),
        (json.dumps({"env": "A", "stepps": 1}), "did you mean 'steps'"),
    ],
)
def test_broken_config_file_is_an_error(tmp_path, text, expected):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=expected):
        load_config(path)


def test_missing_config_file_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match=r"Can't read the config .*No such file"):
        load_config(tmp_path / "config.json")


def test_options_left_out_have_their_defaults():
    assert config_from({"env": "A-v0"}).seed == 0


def test_a_config_that_cannot_be_written_leaves_the_one_before(tmp_path, monkeypatch):
    path = tmp_path / "config.json"
    save_config(CONFIGS["pendulum"], path)

    def fail(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(manifest, "sync", fail)
    with pytest.raises(ConfigError, match=rf"{path}: No space left on device\."):
        save_config(CONFIGS["cartpole"], path)
    assert load_config(path) == CONFIGS["pendulum"]
