"""Let an algorithm act in a batch of environments, inside the graph."""

import itertools
from typing import Any

import numpy as np
import tensorflow as tf

from rltools.arguments import check_integer
from rltools.errors import InvalidArgumentError
from rltools.in_graph.algorithm import InGraphAlgorithm
from rltools.in_graph.algorithm_verbs import AlgorithmVerbs
from rltools.in_graph.batch_env import InGraphBatchEnv
from rltools.in_graph.plain_steps import PlainSteps

_Results = tuple[tf.Tensor, tf.Tensor]

_numbers = itertools.count()


def simulate(
    env: InGraphBatchEnv,
    algo: Any,
    *,
    log: Any = False,
    reset: Any = False,
    steps: Any = None,
) -> tuple[tf.Tensor, tf.Tensor, dict[str, tf.Tensor]]:
    """Take steps in all environments of a batch.

    Every step is, for n environments:

    1. Environments that are done, and before the first step all, are reset; their
       scores and lengths restart; `algo.begin_episode(indices)`.
    2. `action = algo.perform(all_indices, observ)`.
    3. `env.simulate(action)`.
    4. `algo.experience(all_indices, observ, action, reward, terminated, truncated,
       next_observ)`; `next_observ` is that of the same episode, also at its end.
    5. `algo.end_episode(indices)` for those that are now done.

    The first and last verb are only called if there is an index to pass. Indices are
    int32 `[k]`, rewards float32 `[n]`, flags bool `[n]`.

    All this is one compiled function for each pair of environment and algorithm. It is
    traced once, whatever the other arguments. It lives as long as the environment.

    Args:
        env: The environments. What was reset but not stepped since is not reset again,
            but begins its episode here: `env.reset(seed=1)` decides how it starts.
        algo: Has the four verbs, taking and returning tensors; `InGraphAlgorithm` gives
            them to an algorithm of plain Python. The optional `summary()` returns a
            dictionary from names to tensors and is called once, after the last step,
            if `log` is True.
        log: Whether to compute the summary, boolean or bool tensor.
        reset: Whether to begin new episodes in all environments at the first step,
            boolean or bool tensor. Done unasked when the environments were used with
            another algorithm last, whose episodes this one did not see begin.
        steps: Number of steps, at least 1, integer or int32 tensor; None for one step
            without a dimension for it in the results.

    Returns:
        Tuple of done, score and summary. Done, bool, says whose episode is over after
        the step. Score, float32, is the sum of rewards of the running episode so far.
        Both have shape `[n]`, or `[steps, n]`. The summary is that of the algorithm
        with `mean_score` and `mean_length`, float32 scalars over its episodes that
        ended since the last call with `log=True`. Where there is nothing to write, its
        tensors have no elements: all of them if `log` is False, and the means if no
        episode ended.

    Raises:
        InvalidArgumentError: An argument is not of the kind above. Also while tracing,
            if the algorithm is one of plain Python.
        InvalidActionError: The actions do not fit the action space.
        Exception: Called from Python, it raises what an environment or an
            `InGraphAlgorithm` raised, such as `RemoteError`, as it was. Within another
            `tf.function`, that raises a `tf.errors.OpError` whose message has the type,
            message and traceback of the original. `reset=True` starts over after it;
            an `InGraphAlgorithm` always does.
    """
    if not isinstance(env, InGraphBatchEnv):
        raise InvalidArgumentError(
            f"expected env to be an InGraphBatchEnv, got {env!r} "
            f"({type(env).__name__})."
        )
    log, reset = _to_flag("log", log), _to_flag("reset", reset)
    count = _to_count(steps)
    if id(algo) not in env.simulations:
        env.simulations[id(algo)] = _Simulation(env, algo)
    simulation = env.simulations[id(algo)]
    last, every, summary = env.python.run(simulation.run, log, reset, count)
    if steps is None:
        return *last, summary
    if not tf.executing_eagerly() and not tf.is_tensor(steps):
        for tensor in every:
            tensor.set_shape([steps, len(env)])
    return *every, summary


class _Simulation:
    """The compiled function of an environment and an algorithm.

    It makes no variables, because a function that does so is traced twice, and so would
    be the one that calls `simulate` first.
    """

    def __init__(self, env: InGraphBatchEnv, algo: Any) -> None:
        self._number = next(_numbers)
        self._env = env
        self._verbs = AlgorithmVerbs(algo)
        self._take_steps = self._steps
        if type(algo) is InGraphAlgorithm:  # A subclass may have verbs of its own.
            self._take_steps = PlainSteps(env, algo)
        flag = tf.TensorSpec((), tf.bool)
        self.run = tf.function(
            self._run,
            input_signature=[flag, flag, tf.TensorSpec((), tf.int32)],
            autograph=False,
        )

    def _run(
        self, log: tf.Tensor, reset: tf.Tensor, steps: tf.Tensor
    ) -> tuple[_Results, _Results, dict[str, tf.Tensor]]:
        """Take steps and return done and score of the last and of every step."""
        env = self._env
        takes_over = env.driver != self._number
        env.driver.assign(self._number)
        tf.cond(takes_over, self._forget, tf.no_op)
        done, score = self._take_steps(reset | takes_over, steps)
        last = env.done, env.episodes.score
        return last, (done, score), self._summarize(log)

    def _steps(self, reset: tf.Tensor, steps: tf.Tensor) -> _Results:
        """Take steps and return done and score of every step."""
        env = self._env
        begins = env.done | env.fresh | reset
        tf.cond(tf.reduce_any(begins), lambda: self._begin(begins), tf.no_op)

        def body(
            index: tf.Tensor, done: tf.TensorArray, score: tf.TensorArray
        ) -> tuple[tf.Tensor, tf.TensorArray, tf.TensorArray]:
            done_now, score_now = self._step(is_last=index + 1 == steps)
            return (
                index + 1,
                done.write(index, done_now),
                score.write(index, score_now),
            )

        _, done, score = tf.while_loop(
            lambda index, *_: index < steps,
            body,
            (
                tf.constant(0),
                tf.TensorArray(tf.bool, steps, element_shape=[len(env)]),
                tf.TensorArray(tf.float32, steps, element_shape=[len(env)]),
            ),
        )
        return done.stack(), score.stack()

    def _forget(self) -> tf.Tensor:
        self._env.episodes.clear_means()
        return tf.no_op()

    def _begin(self, begins: tf.Tensor) -> tf.Tensor:
        env = self._env
        env.reset(_indices(begins & ~env.fresh))
        env.episodes.begin(begins)
        self._verbs.call("begin_episode", _indices(begins))
        return tf.no_op()

    def _step(self, is_last: tf.Tensor) -> _Results:
        """Take a step; episodes begin after it rather than before the next one.

        So nothing has to be asked where none has ended. After the last step they wait
        for the next simulation, for they may be reset by hand before.
        """
        env = self._env
        everyone = tf.range(len(env))
        observ = env.observ
        action = self._verbs.call("perform", everyone, observ)
        env.simulate(action)
        env.episodes.step(env.reward)
        terminated, truncated = env.terminated, env.truncated
        self._verbs.call(
            "experience",
            everyone,
            observ,
            env.action,
            env.reward,
            terminated,
            truncated,
            env.observ,
        )
        done, score = terminated | truncated, env.episodes.score

        def end() -> tf.Tensor:
            env.episodes.end(done)
            self._verbs.call("end_episode", _indices(done))
            tf.cond(is_last, tf.no_op, lambda: self._begin(done))
            return tf.no_op()

        tf.cond(tf.reduce_any(done), end, tf.no_op)
        return done, score

    def _summarize(self, log: tf.Tensor) -> dict[str, tf.Tensor]:
        summary = tf.function(self._summary, autograph=False).get_concrete_function()

        def nothing() -> dict[str, tf.Tensor]:
            return {
                name: tf.zeros([0], value.dtype)
                for name, value in summary.structured_outputs.items()
            }

        return tf.cond(log, summary, nothing)

    def _summary(self) -> dict[str, tf.Tensor]:
        summary = self._verbs.summary()
        means = self._env.episodes.clear_means()
        if taken := set(means) & set(summary):
            raise InvalidArgumentError(
                f"expected a summary without {sorted(taken)}: simulate adds these."
            )
        return {**summary, **means}


def _indices(mask: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.where(mask)[:, 0], tf.int32)


def _to_flag(name: str, value: Any) -> tf.Tensor:
    if isinstance(value, bool | np.bool_):
        return tf.constant(bool(value))
    if tf.is_tensor(value) and value.dtype == tf.bool and value.shape.rank == 0:
        return value
    raise InvalidArgumentError(
        f"expected {name} to be a boolean or a scalar bool tensor, got {value!r}."
    )


def _to_count(steps: Any) -> tf.Tensor:
    if steps is None:
        return tf.constant(1)
    if not tf.is_tensor(steps):
        return tf.constant(check_integer("steps", steps, at_least=1))
    if steps.dtype != tf.int32 or steps.shape.rank != 0:
        raise InvalidArgumentError(
            f"expected steps to be an integer or a scalar int32 tensor, got {steps!r}."
        )
    return steps
