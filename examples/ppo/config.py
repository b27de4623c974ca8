"""The options of a training run, checked."""

import dataclasses
import difflib
import math
from collections.abc import Iterable
from typing import cast

from rltools.errors import ConfigError

NETWORKS = ("feed_forward", "recurrent", "convolutional")
ACTING = ("auto", "arrays", "graph")
LOSSES = ("clip", "kl")
SCHEDULES = ("linear", "constant")
OPTIMIZERS = ("adam", "adamw", "rmsprop", "sgd")


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Message for a name that is none of those known; offers the closest one."""
    close = difflib.get_close_matches(name, list(known), n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}."
    return f"There is no {kind} {name!r}; {hint}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that decides how a run trains, apart from where it is written.

    Every value is checked when the object is built; `examples.ppo.commands.options`
    turns text into values. Steps are environment steps, counted over all agents.

    Attributes:
        env: Name of a Gymnasium environment, `"module:Name-v0"` imports a module first;
            or `"module:name"` for a callable that makes one.
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
        network: One of `NETWORKS`. Observations of any space are flattened for all of
            them; "recurrent" adds a memory, "convolutional" is for pictures.
        acting: One of `ACTING`, how actions are chosen in training and its evaluations:
            in the graph, by `rltools.simulate`, or by NumPy, which is faster and knows
            feed-forward networks alone; "auto" takes it for these. Both draw from the
            same policy, but not the same actions.
        policy_layers: Units of the policy's hidden layers.
        value_layers: Units of the value function's hidden layers.
        recurrent_units: Length of each network's recurrent state.
        chunk_length: Steps in a row that recurrent networks are trained on, from the
            state that was stored before the first; a divisor of the steps that an
            agent makes between two updates, and of `batch_size`.
        filters: Filters of up to three convolutional layers.
        init_output_factor: Factor on the initial weights of the last policy layer.
        init_std: Initial standard deviation of continuous actions.
        optimizer: One of `OPTIMIZERS`.
        learning_rate: Step size of the optimizer.
        learning_rate_schedule: "linear" decays to zero over the run, or "constant".
        max_gradient_norm: Global norm to which gradients are clipped.
        discount: Discount factor gamma.
        gae_lambda: Decay lambda of generalised advantage estimation.
        loss: One of `LOSSES`: clipped surrogate objective or adaptive KL penalty.
        clip_range: Epsilon, how far the probability ratio is rewarded to move from 1.
        clip_range_schedule: As for the learning rate.
        kl_target: KL divergence of the policy after an update from the one before that
            the penalty is adapted to, in nats.
        kl_cutoff_factor: Multiple of `kl_target` beyond which a square is added.
        kl_cutoff_coef: Weight of that square.
        kl_init_penalty: Weight of the KL divergence in the first update.
        value_coefficient: Weight of the value loss.
        entropy_regularization: Weight of the entropy bonus.
        weight_summaries: Whether TensorBoard gets histograms of weights, gradients and
            actions too.
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
    network: str = "feed_forward"
    acting: str = "auto"
    policy_layers: tuple[int, ...] = (64, 64)
    value_layers: tuple[int, ...] = (64, 64)
    recurrent_units: int = 64
    chunk_length: int = 1
    filters: tuple[int, ...] = (32, 64, 64)
    init_output_factor: float = 0.01
    init_std: float = 0.6
    optimizer: str = "adam"
    learning_rate: float = 3e-4
    learning_rate_schedule: str = "linear"
    max_gradient_norm: float = 0.5
    discount: float = 0.99
    gae_lambda: float = 0.95
    loss: str = "clip"
    clip_range: float = 0.2
    clip_range_schedule: str = "constant"
    kl_target: float = 0.01
    kl_cutoff_factor: float = 2.0
    kl_cutoff_coef: float = 1000.0
    kl_init_penalty: float = 1.0
    value_coefficient: float = 0.25
    entropy_regularization: float = 0.0
    weight_summaries: bool = False

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            check_type(field.name, getattr(self, field.name), field.type)
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ConfigError(unknown(name, getattr(self, name), choices))
        for name in _POSITIVE:
            self._require(name, getattr(self, name) > 0, "more than 0")
        for name in _UNIT_RANGE:
            self._require(name, 0 <= getattr(self, name) <= 1, "between 0 and 1")
        for name in _NOT_NEGATIVE:
            self._require(name, getattr(self, name) >= 0, "at least 0")
        for name in ("policy_layers", "value_layers", "filters"):
            units = getattr(self, name)
            self._require(name, all(size > 0 for size in units), "positive sizes")
        self._require("filters", 1 <= len(self.filters) <= 3, "one to three sizes")
        for name, divisor in _MULTIPLES:
            size = getattr(self, divisor)
            self._require(
                name,
                getattr(self, name) % size == 0 and getattr(self, name) >= size,
                f"a multiple of {divisor}={size}",
            )
        self._require(
            "chunk_length",
            self.rollout_length % self.chunk_length == 0,
            f"a divisor of update_every / num_agents = {self.rollout_length}",
        )
        self._require(
            "chunk_length",
            self.chunk_length == 1 or self.network == "recurrent",
            f"1 for the network {self.network!r}",
        )
        self._require(
            "acting",
            self.acting != "arrays" or self.network == "feed_forward",
            f"'graph' or 'auto' for the network {self.network!r}",
        )

    @property
    def acts_in_graph(self) -> bool:
        """Whether the graph chooses the actions while training."""
        return self.acting == "graph" or (
            self.acting == "auto" and self.network != "feed_forward"
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


_CHOICES = {
    "network": NETWORKS,
    "acting": ACTING,
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "learning_rate_schedule": SCHEDULES,
    "clip_range_schedule": SCHEDULES,
}
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
    "recurrent_units",
    "chunk_length",
    "kl_target",
    "kl_cutoff_factor",
    "kl_init_penalty",
)
_UNIT_RANGE = ("discount", "gae_lambda")
_NOT_NEGATIVE = (
    "seed",
    "value_coefficient",
    "entropy_regularization",
    "kl_cutoff_coef",
)
_MULTIPLES = (
    ("update_every", "num_agents"),
    ("update_every", "batch_size"),
    ("batch_size", "chunk_length"),
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
