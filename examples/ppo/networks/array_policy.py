"""A feed-forward policy in NumPy: to act for a few environments, it is faster.

TensorFlow takes a microsecond or two for each of some hundred small operations, and
what they leave in the caches of the processor slows down the environments, too.
"""

import itertools
import math

import numpy as np

from examples.ppo.algorithm.flat_spaces import FlatActions
from examples.ppo.algorithm.normalize import StreamingNormalize
from examples.ppo.networks.actor_critic import ActorCritic


class ArrayPolicy:
    """The policy of a network and a normaliser as they are now.

    Args:
        network: A feed-forward one.
        observ_filter: What observations are normalised by.
        actions: What the policy chooses.
    """

    def __init__(
        self,
        network: ActorCritic,
        observ_filter: StreamingNormalize,
        actions: FlatActions,
    ) -> None:
        layers = network.policy.layers
        self._layers = [
            (weight.numpy(), bias.numpy())
            for weight, bias in zip(layers.weights, layers.biases, strict=True)
        ]
        self._normalize = observ_filter.frozen()
        self._num_continuous = actions.num_continuous
        stops = itertools.accumulate(actions.categories, initial=actions.num_continuous)
        self._choices = list(itertools.pairwise(stops))
        log_std = network.log_std.numpy()
        self._std = np.exp(log_std)
        # Of a normal distribution at its mean.
        self._peak = np.float32(
            -0.5 * math.log(2 * math.pi) * log_std.size - log_std.sum()
        )

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Draw all that `act` leaves to chance.

        Args:
            shape: Of the steps, such as `(steps, envs)`.
            rng: Source of the numbers.

        Returns:
            For every number of an action a normal one, and for every category of a
            choice one of a standard Gumbel distribution, float32 [*shape, outputs].
        """
        size = self._layers[-1][1].size
        noise = np.empty((*shape, size), np.float32)
        count = self._num_continuous
        noise[..., :count] = rng.standard_normal((*shape, count), np.float32)
        noise[..., count:] = rng.gumbel(size=(*shape, size - count))
        return noise

    def act(
        self, observ: np.ndarray, noise: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw actions from the policy.

        Args:
            observ: Flat observations as they came, [k, size].
            noise: Of one step, from `draw`, float32 [k, outputs].

        Returns:
            Flat actions, float32 [k, size], and the logarithms of their probabilities,
            float32 [k].
        """
        outputs, action = self._begin(observ)
        count = self._num_continuous
        logprob = np.zeros(len(observ), np.float32)
        if count:
            normal = noise[:, :count]
            action[:, :count] = outputs[:, :count] + self._std * normal
            logprob += self._peak - 0.5 * np.einsum("ij,ij->i", normal, normal)
        for column, (start, stop) in enumerate(self._choices, count):
            logits = outputs[:, start:stop]
            # The Gumbel-max trick, as in the graph.
            chosen = (logits + noise[:, start:stop]).argmax(-1)
            action[:, column] = chosen
            logits = logits - logits.max(-1, keepdims=True)
            logprob += logits[np.arange(len(observ)), chosen]
            logprob -= np.log(np.exp(logits).sum(-1))
        return action, logprob

    def mode(self, observ: np.ndarray) -> np.ndarray:
        """The most likely actions, flat as from `act`, float32 [k, size]."""
        outputs, action = self._begin(observ)
        count = self._num_continuous
        action[:, :count] = outputs[:, :count]
        for column, (start, stop) in enumerate(self._choices, count):
            action[:, column] = outputs[:, start:stop].argmax(-1)
        return action

    def _begin(self, observ: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the network says, and actions that are yet to be chosen."""
        outputs = self._forward(self._normalize(observ.astype(np.float32, copy=False)))
        size = self._num_continuous + len(self._choices)
        return outputs, np.empty((len(observ), size), np.float32)

    def _forward(self, values: np.ndarray) -> np.ndarray:
        *hidden, (last_weight, last_bias) = self._layers
        for weight, bias in hidden:
            values = values @ weight
            values += bias
            np.tanh(values, out=values)
        return values @ last_weight + last_bias
