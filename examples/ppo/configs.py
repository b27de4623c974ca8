"""The options of a training run, and the runs that are tuned and tested."""

import dataclasses
import difflib
import math
from collections.abc import Iterable
from typing import cast

from rltools.errors import ConfigError

NETWORKS = ("feed_forward_gaussian", "feed_forward_categorical")


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Message for a name that is none of those known; offers the closest one."""
    close = difflib.get_close_matches(name, list(known), n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}."
    return f"There is no {kind} {name!r}; {hint}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that decides how a run trains, apart from where it is written.

    Every value is checked when the object is built; `examples.ppo.options` turns text
    into values. Steps are environment steps, counted over all agents.

    Attributes:
        env: Name of a Gymnasium environment, `"module:Name-v0"` imports a module first.
        seed: Seed of everything random in the run.
        num_agents: Environments that collect data side by side.
        max_length: Steps after which an episode is truncated.
        normalize_ranges: Whether bounded actions are presented to the policy as
            [-1, 1]; without it they are in the units of the environment.
        normalize_observations: Whether observations are centred and scaled by their
            streaming mean and standard deviation.
        normalize_rewards: Whether rewards are scaled by the streaming standard
            deviation of the discounted return.
        steps: Training steps of the whole run, a multiple of `eval_every`.
        update_every: Training steps between two updates; a multiple of `num_agents`
            and of `batch_size`.
        update_epochs: Passes over the collected steps in one update.
        batch_size: Steps in one minibatch.
        eval_every: Training steps between two evaluations, a multiple of
            `update_every`.
        eval_agents: Environments that evaluate side by side.
        eval_episodes: Fewest episodes of one evaluation; rounded up to a multiple of
            `eval_agents`.
        network: One of `NETWORKS`.
        policy_layers: Units of the policy's hidden layers.
        value_layers: Units of the value function's hidden layers.
        init_output_factor: Factor on the initial weights of the last policy layer.
        init_std: Initial standard deviation of continuous actions.
        learning_rate: Step size of Adam, decays linearly to zero over the run.
        max_gradient_norm: Global norm to which gradients are clipped.
        discount: Discount factor gamma.
        gae_lambda: Decay lambda of generalised advantage estimation.
        clip_range: Epsilon, how far the probability ratio is rewarded to move from 1.
        value_coefficient: Weight of the value loss.
        entropy_regularization: Weight of the entropy bonus.
    """

    env: str
    seed: int = 0
    num_agents: int = 8
    max_length: int = 1000
    normalize_ranges: bool = True
    normalize_observations: bool = True
    normalize_rewards: bool = True
    steps: int = 2048 * 500
    update_every: int = 2048
    update_epochs: int = 10
    batch_size: int = 64
    eval_every: int = 2048 * 50
    eval_agents: int = 4
    eval_episodes: int = 20
    network: str = "feed_forward_gaussian"
    policy_layers: tuple[int, ...] = (64, 64)
    value_layers: tuple[int, ...] = (64, 64)
    init_output_factor: float = 0.01
    init_std: float = 0.6
    learning_rate: float = 3e-4
    max_gradient_norm: float = 0.5
    discount: float = 0.99
    gae_lambda: float = 0.95
    clip_range: float = 0.2
    value_coefficient: float = 0.25
    entropy_regularization: float = 0.0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            check_type(field.name, getattr(self, field.name), field.type)
        if self.network not in NETWORKS:
            raise ConfigError(unknown("network", self.network, NETWORKS))
        for name in _POSITIVE:
            self._require(name, getattr(self, name) > 0, "more than 0")
        for name in _UNIT_RANGE:
            self._require(name, 0 <= getattr(self, name) <= 1, "between 0 and 1")
        for name in _NOT_NEGATIVE:
            self._require(name, getattr(self, name) >= 0, "at least 0")
        for name in ("policy_layers", "value_layers"):
            units = getattr(self, name)
            self._require(name, all(size > 0 for size in units), "positive sizes")
        for name, divisor in _MULTIPLES:
            size = getattr(self, divisor)
            self._require(
                name,
                getattr(self, name) % size == 0 and getattr(self, name) >= size,
                f"a multiple of {divisor}={size}",
            )

    @property
    def rollout_length(self) -> int:
        """Steps of each agent between two updates."""
        return self.update_every // self.num_agents

    @property
    def num_updates(self) -> int:
        """Updates in the whole run."""
        return self.steps // self.update_every

    @property
    def episodes_per_agent(self) -> int:
        """Episodes that each environment contributes to an evaluation."""
        return math.ceil(self.eval_episodes / self.eval_agents)

    @property
    def eval_steps(self) -> int:
        """Steps of one evaluation, all that its episodes can take."""
        return self.eval_agents * self.episodes_per_agent * self.max_length

    def _require(self, name: str, condition: bool, expected: str) -> None:
        if not condition:
            raise ConfigError(
                f"Expected {name} to be {expected}, got {getattr(self, name)!r}."
            )


_POSITIVE = (
    "num_agents",
    "max_length",
    "update_every",
    "update_epochs",
    "batch_size",
    "eval_agents",
    "eval_episodes",
    "init_output_factor",
    "init_std",
    "learning_rate",
    "max_gradient_norm",
    "clip_range",
)
_UNIT_RANGE = ("discount", "gae_lambda")
_NOT_NEGATIVE = ("seed", "value_coefficient", "entropy_regularization")
_MULTIPLES = (
    ("update_every", "num_agents"),
    ("update_every", "batch_size"),
    ("eval_every", "update_every"),
    ("steps", "eval_every"),
)


def check_type(name: str, value: object, expected: object) -> None:
    """Check one option's value against the type its field declares.

    Args:
        name: Name of the option, for the message.
        value: The value.
        expected: `bool`, `int`, `float`, `str` or `tuple[int, ...]`. A whole number is
            a fine `float`, but a `bool` is no number.

    Raises:
        ConfigError: The value has another type.
    """
    if expected == tuple[int, ...]:
        valid = isinstance(value, tuple) and all(type(item) is int for item in value)
    elif expected is float:
        valid = type(value) in (int, float) and math.isfinite(cast(float, value))
    else:
        valid = type(value) is expected
    if not valid:
        wanted = getattr(expected, "__name__", str(expected))
        if expected == tuple[int, ...]:
            wanted = "a list of whole numbers"
        raise ConfigError(
            f"Expected {name} to be {wanted}, got {value!r} ({type(value).__name__})."
        )


CONFIGS = {
    "pendulum": Config(
        env="Pendulum-v1",
        max_length=200,
        num_agents=4,
        normalize_observations=False,
        steps=4096 * 24,
        update_every=4096,
        eval_every=4096 * 6,
        learning_rate=1e-3,
        discount=0.95,
        init_std=1.0,
    ),
    "cartpole": Config(
        env="CartPole-v1",
        max_length=500,
        num_agents=8,
        normalize_observations=False,
        normalize_rewards=False,
        steps=256 * 390,
        update_every=256,
        update_epochs=20,
        batch_size=256,
        eval_every=256 * 130,
        network="feed_forward_categorical",
        learning_rate=1e-3,
        discount=0.98,
        gae_lambda=0.8,
    ),
}
