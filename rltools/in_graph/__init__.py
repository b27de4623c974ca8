"""Environments, simulation and statistics inside the TensorFlow graph.

The only part of the library that imports TensorFlow.
"""

from rltools.extras import require

require("tensorflow", extra="tensorflow")

# ruff: noqa: E402 (A missing TensorFlow is named before anything imports it.)
from rltools.in_graph.algorithm import InGraphAlgorithm as InGraphAlgorithm
from rltools.in_graph.batch_env import InGraphBatchEnv as InGraphBatchEnv
from rltools.in_graph.count_weights import count_weights as count_weights
from rltools.in_graph.env import InGraphEnv as InGraphEnv
from rltools.in_graph.simulate import simulate as simulate
from rltools.in_graph.streaming_mean import StreamingMean as StreamingMean
