"""The verbs of an algorithm, as the simulation calls them."""

import inspect
from typing import Any

import tensorflow as tf

from rltools import nested
from rltools.errors import InvalidArgumentError, InvalidResultError

# The verbs and the number of their arguments.
_VERBS = {"begin_episode": 1, "perform": 2, "experience": 7, "end_episode": 1}
_HINT = "An algorithm of plain Python needs rltools.InGraphAlgorithm(algo, env)."


class AlgorithmVerbs:
    """Calls an algorithm's methods while a graph is traced and checks their results.

    AutoGraph converts the methods, so they may branch and loop on tensors.

    Args:
        algo: The algorithm.

    Raises:
        InvalidArgumentError: It lacks one of the four verbs, or one of them can't be
            called with its arguments.
    """

    def __init__(self, algo: Any) -> None:
        if isinstance(algo, type):
            raise InvalidArgumentError(
                f"expected algo to be an algorithm, got the class {algo.__name__}: "
                "make an instance of it."
            )
        missing = [verb for verb in _VERBS if not callable(getattr(algo, verb, None))]
        if missing:
            raise InvalidArgumentError(
                f"expected algo to have the methods {', '.join(_VERBS)}; "
                f"{type(algo).__name__} lacks {', '.join(missing)}."
            )
        for verb, count in _VERBS.items():
            try:
                inspect.signature(getattr(algo, verb)).bind(*range(count))
            except TypeError as error:
                raise InvalidArgumentError(
                    f"expected {type(algo).__name__}.{verb} to take {count} arguments: "
                    f"{error}. See rltools.simulate."
                ) from error
        self.algo = algo

    def call(self, verb: str, *args: Any) -> Any:
        """Trace one of the algorithm's methods.

        Args:
            verb: Name of the method.
            *args: Tensors, also nested ones.

        Returns:
            What it returned, with a tensor in place of every leaf.

        Raises:
            InvalidArgumentError: The method is not for tensors: it converted one to
                NumPy or returned something else, which would be a constant.
        """
        name = f"{type(self.algo).__name__}.{verb}"
        others: list[str] = []

        # Only the algorithm's code is for AutoGraph, which takes seconds for ours.
        @tf.autograph.experimental.do_not_convert
        def look_for_others(result: Any) -> None:
            for leaf in nested.flatten(result):
                if leaf is not None and not tf.is_tensor(leaf):
                    others.append(type(leaf).__name__)

        def method(*args: Any) -> Any:
            result = getattr(self.algo, verb)(*args)
            look_for_others(result)
            return result

        try:
            result = tf.function(method)(*args)
        except NotImplementedError as error:  # TensorFlow's for symbol -> NumPy.
            raise InvalidArgumentError(
                f"expected {name} to work on tensors, but it does not: {error}\n{_HINT}"
            ) from error
        if others:
            raise InvalidArgumentError(
                f"expected {name} to return tensors, got {', '.join(others)}: a "
                f"constant, as it is only called while the graph is made. {_HINT}"
            )
        return result

    def summary(self) -> dict[str, tf.Tensor]:
        """Trace the algorithm's `summary`; without one there is nothing to tell."""
        if not hasattr(self.algo, "summary"):
            return {}
        summary = self.call("summary")
        if not isinstance(summary, dict):
            raise InvalidResultError(
                f"expected {type(self.algo).__name__}.summary to return a dictionary "
                f"from names to tensors, got {summary!r}"
            )
        return summary
