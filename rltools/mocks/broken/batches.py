"""All broken batches, one or more for every check of `check_batch_env`.

Each is made of a list of constructors: `check_batch_env(kind, make_env)`.
"""

from rltools.mocks.broken import (
    batch_autoreset,
    batch_inputs,
    batch_lives,
    batch_values,
)
from rltools.mocks.broken.sound_batch import SoundBatch

BATCHES: tuple[type[SoundBatch], ...] = (
    *batch_values.BATCHES,
    *batch_autoreset.BATCHES,
    *batch_inputs.BATCHES,
    *batch_lives.BATCHES,
)
