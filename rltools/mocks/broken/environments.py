"""All broken environments, one or more for every check of `check_env`."""

from rltools.mocks.broken import (
    environment_frames,
    environment_lives,
    environment_resets,
    environment_results,
    environment_spaces,
    environment_steps,
)
from rltools.mocks.broken.sound import SoundEnvironment

ENVIRONMENTS: tuple[type[SoundEnvironment], ...] = (
    *environment_spaces.ENVIRONMENTS,
    *environment_resets.ENVIRONMENTS,
    *environment_results.ENVIRONMENTS,
    *environment_steps.ENVIRONMENTS,
    *environment_lives.ENVIRONMENTS,
    *environment_frames.ENVIRONMENTS,
)
