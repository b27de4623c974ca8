"""The algorithm that `benchmarks.in_graph` lets act, in plain Python and NumPy."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.in_graph_actor_critic import ActorCritic

Layers = Sequence[tuple[np.ndarray, np.ndarray]]


class ArrayActorCritic:
    """Acts with the networks of an algorithm in the graph, and remembers the same.

    Args:
        algo: That algorithm.

    Attributes:
        memory: Arrays [length, num_envs, ...] by the names of what they keep.
    """

    def __init__(self, algo: ActorCritic) -> None:
        # Layers of both networks side by side: half as many operations.
        self._hidden, self._outputs = _join(_arrays(algo.policy), _arrays(algo.value))
        self.memory = {name: kept.numpy() for name, kept in algo.memory.items()}
        self._length, self._num_envs = self.memory["value"].shape
        self._everyone = np.arange(self._num_envs)
        self._rng = np.random.default_rng(0)
        self._steps = 0

    def begin_episode(self, indices: np.ndarray) -> None:
        """Nothing to do."""

    def perform(self, indices: np.ndarray, observ: np.ndarray) -> np.ndarray:
        """Draw actions, int64 [n], of all environments."""
        values = observ
        for weight, bias in self._hidden:  # Of shape [2, n, units].
            values = values @ weight
            values += bias
            np.tanh(values, out=values)
        (weight, bias), (value_weight, value_bias) = self._outputs
        logits = values[0] @ weight + bias
        # The Gumbel-max trick, as in the graph.
        noise = self._rng.standard_exponential(logits.shape, np.float32)
        action = (logits - np.log(noise)).argmax(-1)
        logits -= logits.max(-1, keepdims=True)
        chosen = logits[self._everyone, action]
        place = self._steps % self._length
        self.memory["logprob"][place] = chosen - np.log(np.exp(logits).sum(-1))
        self.memory["value"][place] = (values[1] @ value_weight + value_bias)[:, 0]
        return action

    def experience(
        self,
        indices: np.ndarray,
        observ: np.ndarray,
        action: np.ndarray,
        reward: np.ndarray,
        terminated: np.ndarray,
        truncated: np.ndarray,
        next_observ: np.ndarray,
    ) -> None:
        """Remember a step of all environments."""
        place = self._steps % self._length
        self.memory["observ"][place] = observ
        self.memory["action"][place] = action
        self.memory["reward"][place] = reward
        self.memory["terminated"][place] = terminated
        self.memory["truncated"][place] = truncated
        self._steps += 1

    def end_episode(self, indices: np.ndarray) -> None:
        """Nothing to do."""


def _arrays(layers: Sequence[tuple[Any, Any]]) -> Layers:
    return [(weight.numpy(), bias.numpy()) for weight, bias in layers]


def _join(policy: Layers, value: Layers) -> tuple[Layers, Layers]:
    """Pairs of hidden layers as one each, and the last layers of both."""
    *hidden, last = zip(policy, value, strict=True)
    joined = [
        (np.stack([weight, other]), np.stack([bias, shift])[:, np.newaxis])
        for (weight, bias), (other, shift) in hidden
    ]
    return joined, last
