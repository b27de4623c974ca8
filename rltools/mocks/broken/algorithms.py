"""All broken algorithms, one or more for every check of `check_algorithm`."""

from rltools.mocks.broken import algorithm_acting, algorithm_learning, algorithm_loops
from rltools.mocks.broken.algorithm_loops import OwnLoop
from rltools.mocks.broken.broken_algorithm import BrokenAlgorithm

ALGORITHMS: tuple[type[BrokenAlgorithm] | type[OwnLoop], ...] = (
    *algorithm_acting.ALGORITHMS,
    *algorithm_learning.ALGORITHMS,
    *algorithm_loops.ALGORITHMS,
)
