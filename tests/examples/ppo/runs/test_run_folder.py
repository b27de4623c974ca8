import re

import pytest

from examples.ppo.runs.run_folder import (
    create_run_folder,
    find_run_folder,
    lock_run_folder,
)
from rltools.errors import ConfigError


def test_folder_is_named_after_time_and_config(tmp_path):
    folder = create_run_folder(tmp_path / "new" / "logs", "pendulum")
    assert folder.is_dir()
    assert folder.parent == tmp_path / "new" / "logs"
    assert re.fullmatch(r"\d{8}T\d{6}-pendulum", folder.name)


def test_runs_of_the_same_second_get_different_stamps(tmp_path):
    configs = ["pendulum", "cartpole"] * 3
    folders = [create_run_folder(tmp_path, config) for config in configs]
    assert len({folder.name.partition("-")[0] for folder in folders}) == 6
    for folder, config in zip(folders, configs, strict=True):
        stamp = folder.name.partition("-")[0]
        assert find_run_folder(tmp_path, stamp, None) == folder
        assert find_run_folder(tmp_path, stamp, config) == folder


def test_logdir_that_is_no_folder_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    for logdir in (tmp_path / "file", tmp_path / "file" / "logs"):
        with pytest.raises(ConfigError, match=f"Can't write to the logdir '{logdir}'"):
            create_run_folder(logdir, "pendulum")


def test_unknown_timestamp_names_the_closest(tmp_path):
    (tmp_path / "20240131T120000-pendulum").mkdir()
    (tmp_path / "20240131T120001-file").touch()
    with pytest.raises(ConfigError, match="did you mean '20240131T120000'"):
        find_run_folder(tmp_path, "20240131T120001", None)
    with pytest.raises(ConfigError, match="has the config 'pendulum', not 'cartpole'"):
        find_run_folder(tmp_path, "20240131T120000", "cartpole")
    with pytest.raises(ConfigError, match="There are no runs in"):
        find_run_folder(tmp_path / "elsewhere", "20240131T120000", None)


def test_timestamp_of_two_configs_is_ambiguous(tmp_path):
    for config in ("pendulum", "cartpole"):
        (tmp_path / f"20240131T120000-{config}").mkdir()
    with pytest.raises(ConfigError, match="choose --config"):
        find_run_folder(tmp_path, "20240131T120000", None)
    found = find_run_folder(tmp_path, "20240131T120000", "cartpole")
    assert found.name == "20240131T120000-cartpole"


def test_only_one_process_trains_in_a_folder(tmp_path):
    # A lock is of an open file, so that this process is as good as another.
    with (
        lock_run_folder(tmp_path),
        pytest.raises(ConfigError, match=f"process is training in '{tmp_path}'"),
        lock_run_folder(tmp_path),
    ):
        pytest.fail("There were two.")
    with lock_run_folder(tmp_path):
        pass
