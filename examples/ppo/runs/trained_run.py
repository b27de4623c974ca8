"""A trained policy, loaded from the folder of a run."""

import logging
import pathlib
from typing import TYPE_CHECKING, NamedTuple

from examples.ppo.commands.options import load_config
from examples.ppo.config import Config
from examples.ppo.runs.run_folder import CONFIG_FILE, find_run_folder
from rltools.checkpoints import CheckpointStore, Restored
from rltools.errors import CheckpointError

if TYPE_CHECKING:
    from examples.ppo.ppo import PPO

CHECKPOINTS = "checkpoints"
_PREFIX = "checkpoint-"


class TrainedRun(NamedTuple):
    """Where a trained policy is, looked up but not loaded yet.

    Attributes:
        folder: The run's folder.
        config: The options that it was trained with.
        directory: The folder of its checkpoints.
        step: Number of the checkpoint to load, or None for the newest valid one.
    """

    folder: pathlib.Path
    config: Config
    directory: pathlib.Path
    step: int | None

    def restore(self, algo: "PPO") -> Restored:
        """Load the checkpoint into an algorithm made for this run's config.

        Args:
            algo: The algorithm, whose weights and normalisers are overwritten.

        Returns:
            What was loaded.

        Raises:
            CheckpointError: It is damaged, or that of another config or environment; or
                none of the checkpoints is valid.
        """

        def read(prefix: str) -> None:
            status = algo.checkpoint.read(prefix)
            # Neither weights that nobody has set, nor some that nobody looks at.
            status.assert_existing_objects_matched()
            status.assert_consumed()

        store = CheckpointStore(self.directory)
        try:
            restored = store.restore(read, step=self.step)
        except CheckpointError as error:
            # TensorFlow warns of every value that it has read when it lets go of it.
            logging.getLogger("tensorflow").setLevel(logging.ERROR)
            if error.__cause__ is None:
                raise
            reason = str(error.__cause__).partition("\n")[0]
            raise CheckpointError(
                f"The checkpoint in {self.directory} is not one of the config and the "
                f"environment in {self.folder}: {reason}"
            ) from error
        if restored is None:
            if self.step is None:
                raise CheckpointError(f"No checkpoint in {self.directory} is intact.")
            path = self.directory / f"{_PREFIX}{self.step}"
            raise CheckpointError(f"The checkpoint {path} is not intact.")
        return restored


def find_trained_run(
    logdir: pathlib.Path, timestamp: str | None, checkpoint: str | None
) -> TrainedRun:
    """Find a run and a checkpoint, without loading anything.

    Args:
        logdir: The folder that the run was made in.
        timestamp: First part of the name of the run's folder; None for the newest run.
        checkpoint: Number of a checkpoint of the run or path of a checkpoint's folder;
            None for the newest valid one of the run.

    Returns:
        Where they are.

    Raises:
        ConfigError: There is no such run, or its config can't be read.
        CheckpointError: There is no such checkpoint, or none at all.
    """
    folder = find_run_folder(logdir, timestamp, None)
    config = load_config(folder / CONFIG_FILE)
    directory = folder / CHECKPOINTS
    if checkpoint is None:
        if not _steps(directory):
            raise CheckpointError(f"The run {folder} has no checkpoint yet.")
        return TrainedRun(folder, config, directory, None)
    if checkpoint.isdecimal():
        step = int(checkpoint)
        if step not in (steps := _steps(directory)):
            known = ", ".join(map(str, steps)) or "none"
            raise CheckpointError(
                f"The run {folder} has no checkpoint {step}; there are: {known}."
            )
        return TrainedRun(folder, config, directory, step)
    path = pathlib.Path(checkpoint)
    number = path.name.removeprefix(_PREFIX)
    if path.name == number or not number.isdecimal() or not path.is_dir():
        raise CheckpointError(
            f"Expected the number of a checkpoint or a folder named {_PREFIX}<number>, "
            f"got {checkpoint!r}."
        )
    return TrainedRun(folder, config, path.parent, int(number))


def _steps(directory: pathlib.Path) -> list[int]:
    names = [path.name.removeprefix(_PREFIX) for path in directory.glob(f"{_PREFIX}*")]
    return sorted(int(name) for name in names if name.isdecimal())
