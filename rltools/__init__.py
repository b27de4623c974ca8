"""Reusable test doubles and environment wrappers for reinforcement learning.

Importing this package imports nothing heavy: every public name is loaded when it is
first used (PEP 562), and a name that needs an extra that is not installed raises a
`MissingExtraError` that names the extra.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from rltools import errors as errors
    from rltools import in_graph as in_graph
    from rltools import leaks as leaks
    from rltools import mocks as mocks
    from rltools import nested as nested
    from rltools import strategies as strategies
    from rltools import wrappers as wrappers
    from rltools.attr_dict import AttrDict as AttrDict
    from rltools.batch_env import BatchEnv as BatchEnv
    from rltools.checkpoints import CheckpointStore as CheckpointStore
    from rltools.in_graph import InGraphAlgorithm as InGraphAlgorithm
    from rltools.in_graph import InGraphBatchEnv as InGraphBatchEnv
    from rltools.in_graph import InGraphEnv as InGraphEnv
    from rltools.in_graph import StreamingMean as StreamingMean
    from rltools.in_graph.count_weights import count_weights as count_weights
    from rltools.in_graph.simulate import simulate as simulate
    from rltools.loop import Loop as Loop

_SUBMODULES = {
    "errors",
    "in_graph",
    "leaks",
    "mocks",
    "nested",
    "strategies",
    "wrappers",
}
_EXPORTS = {
    "AttrDict": "rltools.attr_dict",
    "BatchEnv": "rltools.batch_env",
    "CheckpointStore": "rltools.checkpoints",
    "InGraphAlgorithm": "rltools.in_graph",
    "InGraphBatchEnv": "rltools.in_graph",
    "InGraphEnv": "rltools.in_graph",
    "Loop": "rltools.loop",
    "StreamingMean": "rltools.in_graph",
    "count_weights": "rltools.in_graph",
    "simulate": "rltools.in_graph",
}
__all__ = [*sorted(_SUBMODULES), *sorted(_EXPORTS)]


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"rltools.{name}")
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module 'rltools' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
