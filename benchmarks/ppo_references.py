"""Published scores of PPO, to compare with."""

from typing import NamedTuple

# Others stopped at round numbers; a run of whole updates stops near them.
_SAME_STEPS = 1.05


class Reference(NamedTuple):
    """A published score.

    Attributes:
        score: Mean score of an episode.
        steps: Training steps after which it was reached.
        source: Whose result it is.
        measure: What the score is the mean of.
    """

    score: float
    steps: int
    source: str
    measure: str

    def __str__(self) -> str:
        return f"{self.source} at {self.steps:,} steps"


_TUNED = "one tuned run"
_TIANSHOU = "10 seeds, the best deterministic evaluation of each"
_CLEANRL = "3 seeds, in training"
_OTHER = "as published"
_MILLION = 1_000_000

# By environment, of whatever version: the tasks of MuJoCo differ a little from version
# to version, and results for the latest are rare.
REFERENCES = {
    "CartPole": (
        Reference(500.0, 100_000, "rl-zoo3", _TUNED),
        Reference(490.0, 500_000, "CleanRL", _CLEANRL),
    ),
    "Pendulum": (
        Reference(-172.0, 100_000, "rl-zoo3", _TUNED),
        Reference(-175.0, 300_000, "SLM-Lab", _OTHER),
    ),
    "Acrobot": (
        Reference(-73.5, _MILLION, "rl-zoo3", _TUNED),
        Reference(-86.0, 500_000, "CleanRL", _CLEANRL),
        Reference(-81.0, 300_000, "SLM-Lab", _OTHER),
    ),
    "InvertedPendulum": (
        Reference(1000.0, _MILLION, "Tianshou", _TIANSHOU),
        Reference(963.0, _MILLION, "CleanRL", _CLEANRL),
    ),
    "Reacher": (
        Reference(-4.1, _MILLION, "Tianshou", _TIANSHOU),
        Reference(-7.7, _MILLION, "TF-Agents", _OTHER),
    ),
    "HalfCheetah": (
        Reference(5819.0, _MILLION, "rl-zoo3", _TUNED),
        Reference(5784.0, _MILLION, "Tianshou", _TIANSHOU),
        Reference(4239.0, _MILLION, "TF-Agents", _OTHER),
        Reference(1800.0, _MILLION, "PPO paper", _OTHER),
        Reference(1443.0, _MILLION, "CleanRL", _CLEANRL),
    ),
    "Hopper": (
        Reference(2609.0, _MILLION, "Tianshou", _TIANSHOU),
        Reference(2383.0, _MILLION, "CleanRL", _CLEANRL),
        Reference(2330.0, _MILLION, "PPO paper", _OTHER),
    ),
    "Walker2d": (
        Reference(4000.0, _MILLION, "ikostrikov", _OTHER),
        Reference(3589.0, _MILLION, "Tianshou", _TIANSHOU),
        Reference(3460.0, _MILLION, "PPO paper", _OTHER),
        Reference(2288.0, _MILLION, "CleanRL", _CLEANRL),
    ),
}


def find_reference(env: str, steps: int) -> Reference | None:
    """The published score to compare a result with.

    Args:
        env: Name of a Gymnasium environment.
        steps: Training steps of the result.

    Returns:
        The highest score that took no more steps, or else that which took the fewest,
        the highest of these. None if none is known.
    """
    known = REFERENCES.get(env.rpartition("-v")[0], ())
    fewest = min((reference.steps for reference in known), default=0)
    limit = max(steps * _SAME_STEPS, fewest)
    comparable = [reference for reference in known if reference.steps <= limit]
    return max(comparable, key=lambda reference: reference.score, default=None)
