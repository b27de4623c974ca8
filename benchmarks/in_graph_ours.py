"""`rltools.simulate` and the loops that it stands for, as `in_graph` measures them."""

from collections.abc import Callable
from functools import partial
from typing import Any

import gymnasium as gym

from benchmarks.stopwatch import Stopwatch, clock, total

SEED = 0
# What a turn of `steps` steps of all environments may be made of.
WAYS = ("one-call", "call-per-step", "loop", "eager-loop")
IN_ARRAYS = "in-arrays"


def measure(
    *,
    env: str,
    num_envs: int,
    steps: int,
    turns: int,
    launched: float,
    way: str,
    workers: int | str,
    compiled: bool,
) -> dict[str, Any]:
    """Let an algorithm act for some turns.

    Args:
        env: Name of a Gymnasium environment with discrete actions.
        num_envs: How many of them.
        steps: Steps of each in a turn.
        turns: How many turns count; one before them does not.
        launched: When this process was started.
        way: One of `WAYS`, or `IN_ARRAYS`: one call, and NumPy in it. The loop is one
            in Python, around the same algorithm in two compiled functions; the eager
            one runs its operations one by one.
        workers: Argument of `rltools.BatchEnv.launch`.
        compiled: Whether XLA compiles the networks.

    Returns:
        A `benchmarks.contest.Result` as JSON.
    """
    from examples.ppo.commands.start_tensorflow import import_tensorflow

    tensorflow = import_tensorflow()

    from benchmarks.in_graph_actor_critic import ActorCritic
    from rltools import BatchEnv

    batch = BatchEnv.launch(partial(gym.make, env), num_envs, workers=workers)
    try:
        [size] = batch.single_observation_space.shape
        algo = ActorCritic(
            num_envs,
            steps,
            size,
            int(batch.single_action_space.n),
            compiled=compiled,
        )
        stepping = Stopwatch()
        stepping.follow(batch, "step")
        turn = make_turn(way, batch, algo, steps=steps)
        turn()
        start = clock() - launched
        spans = []
        for _ in range(turns):
            started = clock()
            turn()
            spans.append((started, clock()))
        plan = batch.plan
        where = f"{plan.workers} workers" if plan.workers else "in process"
    finally:
        batch.close()
    inside = [stepping.between(*span) for span in spans]
    return {
        "steps": steps * num_envs,
        "seconds": [end - started for started, end in spans],
        "parts": {"environments": [total(each) for each in inside]},
        "figures": {"start": start},
        "note": f"TensorFlow {tensorflow.__version__}, {where}",
    }


def make_turn(way: str, batch: Any, algo: Any, *, steps: int) -> Callable[[], None]:
    """What makes so many steps of all environments, from the same start in every way.

    Args:
        way: See `measure`.
        batch: A `rltools.BatchEnv`.
        algo: The algorithm that acts.
        steps: How many.
    """
    from benchmarks.in_graph_array_actor import ArrayActorCritic
    from rltools import InGraphAlgorithm, InGraphBatchEnv, simulate

    if way in ("loop", "eager-loop"):
        return partial(_Loop(batch, algo, compiled=way == "loop").run, steps)
    env = InGraphBatchEnv(batch)
    env.reset(seed=SEED)
    if way == IN_ARRAYS:
        algo = InGraphAlgorithm(ArrayActorCritic(algo), env)

    def turn() -> None:
        if way != "call-per-step":
            done, _, _ = simulate(env, algo, steps=steps)
        else:
            for _ in range(steps):
                done, _, _ = simulate(env, algo)
        done.numpy()  # Whatever is still under way is waited for.

    return turn


class _Loop:
    """The same as `simulate`, in Python: reset what is done, act, step, remember."""

    def __init__(self, batch: Any, algo: Any, *, compiled: bool) -> None:
        import tensorflow as tf

        self._batch = batch
        self._perform, self._experience = algo.perform, algo.experience
        if compiled:
            self._perform = tf.function(algo.perform, autograph=False)
            self._experience = tf.function(algo.experience, autograph=False)
        self._everyone = tf.range(batch.num_envs)
        self._to_tensor = tf.convert_to_tensor
        self._observ, _ = batch.reset(seed=SEED)
        self._done = None

    def run(self, steps: int) -> None:
        """Take steps in all environments."""
        for _ in range(steps):
            if self._done is not None and self._done.any():
                options = {"reset_mask": self._done}
                self._observ, _ = self._batch.reset(options=options)
            before = self._to_tensor(self._observ)
            action = self._perform(self._everyone, before)
            self._observ, reward, terminated, truncated, _ = self._batch.step(
                action.numpy()
            )
            self._experience(
                self._everyone,
                before,
                action,
                self._to_tensor(reward, "float32"),
                self._to_tensor(terminated),
                self._to_tensor(truncated),
                self._to_tensor(self._observ),
            )
            self._done = terminated | truncated
