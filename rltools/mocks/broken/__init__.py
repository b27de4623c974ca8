"""Doubles with one mistake each, to test checkers with.

Every class says in `trips` which checks of `rltools.checks` it fails, and no other.
"""

import importlib
from typing import TYPE_CHECKING, Any

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
__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module 'rltools.mocks.broken' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
