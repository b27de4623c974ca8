"""PPO of Stable-Baselines3 and of SBX, which is the same in JAX, for `ppo_speed`."""

import importlib
import itertools
from typing import Any

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
    package: str,
    processes: bool,
    threads: int | None = None,
) -> dict[str, Any]:
    """Train for some updates and evaluate once; see `benchmarks.ppo_ours.measure`.

    Args:
        env: As there.
        num_envs: As there.
        length: As there.
        batch_size: As there.
        epochs: As there.
        learning_rate: As there.
        warm_up: As there.
        updates: As there.
        launched: As there.
        package: `stable_baselines3` or `sbx`.
        processes: Whether each environment gets a process of its own, by
            `SubprocVecEnv`; otherwise `DummyVecEnv` steps them in this one.
        threads: Threads of PyTorch; None for its default.

    Returns:
        A `benchmarks.contest.Result` as JSON.
    """
    import stable_baselines3
    import torch
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.evaluation import evaluate_policy
    from stable_baselines3.common.vec_env import (
        DummyVecEnv,
        SubprocVecEnv,
        VecNormalize,
        sync_envs_normalization,
    )

    if threads is not None:
        torch.set_num_threads(threads)

    def make(seed: int) -> Any:
        return make_vec_env(
            env,
            num_envs,
            seed=seed,
            env_kwargs={"disable_env_checker": True},
            vec_env_cls=SubprocVecEnv if processes else DummyVecEnv,
            # The default, a fork server, imports PyTorch again in each.
            vec_env_kwargs={"start_method": "fork"} if processes else {},
        )

    # Before anything else starts threads, which a fork would lose.
    inner, eval_inner = make(0), make(num_envs)
    environments = VecNormalize(inner)
    eval_environments = VecNormalize(eval_inner, training=False, norm_reward=False)
    library = importlib.import_module(package)
    activation = torch.nn.Tanh
    if package == "sbx":
        import flax

        activation = flax.linen.tanh
    model = library.PPO(
        "MlpPolicy",
        environments,
        learning_rate=learning_rate,
        n_steps=length,
        batch_size=batch_size,
        n_epochs=epochs,
        vf_coef=0.25,
        policy_kwargs={
            "net_arch": {"pi": [64, 64], "vf": [64, 64]},
            "activation_fn": activation,
        },
        device="cpu",
        seed=0,
    )
    stepping, rollouts, trainings = Stopwatch(), Stopwatch(), Stopwatch()
    stepping.follow(inner, "step_async")
    stepping.follow(inner, "step_wait")
    rollouts.follow(model, "collect_rollouts")
    trainings.follow(model, "train")
    started = clock()
    model.learn((warm_up + updates) * num_envs * length)
    # What is between two updates belongs to the second.
    ends = [started, *(end for _, end in trainings.spans)]
    turns = list(itertools.pairwise(ends))[warm_up:]
    sync_envs_normalization(environments, eval_environments)
    for _ in range(2):  # The first compiles, where the library does.
        started = clock()
        _, lengths = evaluate_policy(
            model,
            eval_environments,
            n_eval_episodes=num_envs,
            return_episode_rewards=True,
        )
        seconds = clock() - started
    environments.close()
    eval_environments.close()
    watches = {
        "rollout": rollouts,
        "environments": stepping,
        "update": trainings,
    }
    note = f"Stable-Baselines3 {stable_baselines3.__version__}"
    if package == "sbx":
        import jax

        note = f"SBX {library.__version__}, JAX {jax.__version__}"
    else:
        note += f", torch {torch.__version__}, {torch.get_num_threads()} threads"
    return {
        "steps": num_envs * length,
        "seconds": [end - start for start, end in turns],
        "parts": {
            name: [total(watch.between(*turn)) for turn in turns]
            for name, watch in watches.items()
        },
        "figures": {
            "start": trainings.spans[0][1] - launched,
            "evaluation": sum(lengths) / seconds,
        },
        "note": note + (f", {num_envs} workers" if processes else ", in process"),
    }
