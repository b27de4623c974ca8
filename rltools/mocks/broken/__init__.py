"""Doubles with one mistake each, to test checkers with.

Every class says in `trips` which checks of `rltools.checks` it fails, and no other.
"""

from typing import TYPE_CHECKING

from rltools.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from rltools.mocks.broken.algorithms import ALGORITHMS as ALGORITHMS
    from rltools.mocks.broken.batches import BATCHES as BATCHES
    from rltools.mocks.broken.broken_algorithm import BrokenAlgorithm as BrokenAlgorithm
    from rltools.mocks.broken.environments import ENVIRONMENTS as ENVIRONMENTS
    from rltools.mocks.broken.sound import SoundEnvironment as SoundEnvironment
    from rltools.mocks.broken.sound_batch import SoundBatch as SoundBatch
    from rltools.mocks.broken.wrapper_base import BrokenWrapper as BrokenWrapper
    from rltools.mocks.broken.wrappers import WRAPPERS as WRAPPERS

_EXPORTS = {
    "ALGORITHMS": "rltools.mocks.broken.algorithms",
    "BATCHES": "rltools.mocks.broken.batches",
    "BrokenAlgorithm": "rltools.mocks.broken.broken_algorithm",
    "BrokenWrapper": "rltools.mocks.broken.wrapper_base",
    "ENVIRONMENTS": "rltools.mocks.broken.environments",
    "SoundBatch": "rltools.mocks.broken.sound_batch",
    "SoundEnvironment": "rltools.mocks.broken.sound",
    "WRAPPERS": "rltools.mocks.broken.wrappers",
}
__getattr__, __dir__, __all__ = lazy_exports(__name__, _EXPORTS)
