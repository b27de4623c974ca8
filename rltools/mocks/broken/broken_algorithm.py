"""What algorithms with a mistake have in common."""

from typing import ClassVar

from rltools.mocks.linear_actor_critic import LinearActorCritic


class BrokenAlgorithm(LinearActorCritic):
    """An actor-critic with a mistake, of no use but to test what should find it.

    Attributes:
        trips: Names of the checks of `check_algorithm` that it fails, and no others:
            those that need them are skipped.
    """

    trips: ClassVar[frozenset[str]]
