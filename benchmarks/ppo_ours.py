"""PPO of `examples/ppo`, as `benchmarks.ppo_speed` measures it."""

from typing import Any

import gymnasium as gym

from benchmarks.stopwatch import Stopwatch, clock, total


def measure(
    *,
    env: str,
    num_envs: int,
    length: int,
    batch_size: int,
    epochs: int,
    learning_rate: float,
    warm_up: int,
    updates: int,
    launched: float,
    workers: int | str,
    acting: str,
) -> dict[str, Any]:
    """Train for some updates and evaluate once.

    Args:
        env: Name of a Gymnasium environment.
        num_envs: How many of them.
        length: Steps of each in one rollout.
        batch_size: Steps in one minibatch.
        epochs: Passes over the rollout in one update.
        learning_rate: Step size at the beginning.
        warm_up: Rollouts and updates that don't count; the first compiles.
        updates: Rollouts and updates that count.
        launched: When this process was started.
        workers: Argument of `rltools.BatchEnv.launch`.
        acting: Option of the config.

    Returns:
        A `benchmarks.contest.Result` as JSON.
    """
    from functools import partial

    from examples.ppo.commands.start_tensorflow import import_tensorflow

    tensorflow = import_tensorflow()

    import numpy as np

    import rltools
    from examples.ppo.config import Config
    from examples.ppo.ppo import PPO
    from examples.ppo.runs.environments import make_env
    from examples.ppo.runs.simulation import Evaluation, Training

    spec = gym.spec(env)
    rollout = num_envs * length
    config = Config(
        env=env,
        num_agents=num_envs,
        max_length=spec.max_episode_steps or 1000,
        steps=500 * rollout,
        update_every=rollout,
        update_epochs=epochs,
        batch_size=batch_size,
        eval_every=rollout,
        eval_agents=num_envs,
        eval_episodes=num_envs,
        learning_rate=learning_rate,
        acting=acting,
    )
    constructor = partial(make_env, config)

    def launch() -> rltools.BatchEnv:
        return rltools.BatchEnv.launch(
            constructor, num_envs, workers=workers, copy=False
        )

    batch, eval_batch = launch(), launch()
    try:
        algo = PPO(batch.single_observation_space, batch.single_action_space, config)
        training = Training(batch, algo, config)
        evaluation = Evaluation(eval_batch, algo, config)
        stepping = Stopwatch()
        stepping.follow(batch, "step")
        turns = []
        for index in range(warm_up + updates):
            started = clock()
            done, _, _ = training(log=False, report=False, reset=index == 0)
            np.asarray(done)  # Whatever is still under way is waited for.
            turns.append((started, clock()))
        for _ in range(2):  # The first compiles.
            started = clock()
            done, _, _ = evaluation(log=False, report=False, reset=True)
            done = np.asarray(done)
            seconds = clock() - started
        counted = sum(int(np.flatnonzero(each)[-1]) + 1 for each in done.T)
    finally:
        batch.close()
        eval_batch.close()
    measured = turns[warm_up:]
    parts: dict[str, list[float]] = {}
    for start, end in measured:
        # Steps are made one after another; what follows the last one is the update.
        if spans := stepping.between(start, end):
            parts.setdefault("rollout", []).append(spans[-1][1] - start)
            parts.setdefault("environments", []).append(total(spans))
            parts.setdefault("update", []).append(end - spans[-1][1])
    return {
        "steps": rollout,
        "seconds": [end - start for start, end in measured],
        "parts": parts,
        "figures": {
            "start": turns[0][1] - launched,
            "evaluation": counted / seconds,
        },
        "note": f"TensorFlow {tensorflow.__version__}, {_describe(batch)}",
    }


def _describe(batch: Any) -> str:
    plan = batch.plan
    return (
        f"{plan.workers} workers{', pinned' * plan.pin}"
        if plan.workers
        else "in process"
    )
