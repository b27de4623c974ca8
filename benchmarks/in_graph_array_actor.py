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
        self._policy, self._value = map(_arrays, (algo.policy, algo.value))
        self.memory = {name: kept.numpy() for name, kept in algo.memory.items()}
        self._length, self._num_envs = self.memory["value"].shape
        self._rng = np.random.default_rng(0)
        self._steps = 0

    def begin_episode(self, indices: np.ndarray) -> None:
        """Nothing to do."""

    def perform(self, indices: np.ndarray, observ: np.ndarray) -> np.ndarray:
        """Draw actions, int64 [n], of all environments."""
        logits = _apply(self._policy, observ)
        # The Gumbel-max trick, as in the graph.
        action = (logits + self._rng.gumbel(size=logits.shape)).argmax(-1)
        chosen = logits[np.arange(len(action)), action]
        largest = logits.max(-1)
        total = np.exp(logits - largest[:, np.newaxis]).sum(-1)
        place = self._steps % self._length
        self.memory["logprob"][place] = chosen - largest - np.log(total)
        self.memory["value"][place] = _apply(self._value, observ)[:, 0]
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


def _apply(layers: Layers, values: np.ndarray) -> np.ndarray:
    *hidden, (last_weight, last_bias) = layers
    for weight, bias in hidden:
        values = values @ weight
        values += bias
        np.tanh(values, out=values)
    return values @ last_weight + last_bias
