"""A policy that acts as in training and learns nothing."""

from typing import Any

from examples.ppo.ppo import PPO


class StochasticPolicy:
    """Draws actions from a policy, as training does.

    Args:
        algo: The algorithm that has the policy; acts in at most as many environments as
            it was made for.
        seed: Seed of the actions.
    """

    def __init__(self, algo: PPO, seed: int) -> None:
        self._algo = algo
        algo.generator.reset_from_seed(seed)

    def begin_episode(self, indices: Any) -> None:
        """Begin an episode in the environments int32 [k]."""
        self._algo.begin_episode(indices)

    def perform(self, indices: Any, observ: Any) -> Any:
        """Draw actions for observations; both nested tensors with k rows."""
        return self._algo.perform(indices, observ)

    def experience(self, indices: Any, *transition: Any) -> None:
        """Nothing to do, for the algorithm would learn from it."""
        del indices, transition

    def end_episode(self, indices: Any) -> None:
        """Nothing to do; int32 [k]."""
        del indices
