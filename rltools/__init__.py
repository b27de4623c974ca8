"""Reusable test doubles and environment wrappers for reinforcement learning.

Importing this package imports nothing heavy: every public name is loaded when it is
first used (PEP 562), and a name that needs an extra that is not installed raises a
`MissingExtraError` that names the extra.
"""

from typing import TYPE_CHECKING

from rltools.lazy_exports import lazy_exports

__version__ = "0.1.0"

if TYPE_CHECKING:
    from rltools import checks as checks
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
    *("checks", "errors", "in_graph", "leaks"),
    *("mocks", "nested", "strategies", "wrappers"),
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
__getattr__, __dir__, __all__ = lazy_exports(__name__, _EXPORTS, _SUBMODULES)
