"""Measure a trained policy: `python -m examples.ppo.evaluate --logdir=logs`."""

import argparse
import contextlib
import functools
import json
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from examples.ppo.commands.programs import (
    add_environments,
    define_parser,
    positive,
    run_program,
)
from examples.ppo.commands.start_tensorflow import import_tensorflow
from examples.ppo.runs.scores import interquartile_mean
from examples.ppo.runs.trained_run import TrainedRun, find_trained_run
from rltools.errors import ConfigError


def evaluate(
    run: TrainedRun,
    *,
    num_episodes: int = 20,
    num_agents: int | None = None,
    env_processes: bool | None = None,
    seed: int | None = None,
    stochastic: bool = False,
) -> dict[str, Any]:
    """Play whole episodes, the same number in each environment.

    Without arguments this is the evaluation that training makes.

    Args:
        run: The policy.
        num_episodes: Number of episodes, rounded up to a multiple of `num_agents`.
        num_agents: Environments to play in side by side, by default as many as evaluate
            in training, but no more than there are episodes.
        env_processes: Whether environments get processes; None where that is faster.
        seed: Seed of the first environment and of stochastic actions; by default that
            of the run.
        stochastic: Whether to draw actions as training does, rather than to take the
            most likely ones.

    Returns:
        JSON values: what was evaluated and how, the `scores` and `lengths` of all
        episodes, how many were `terminated`, and `score` and `length` with `mean`,
        `std` (of the population), `interquartile_mean`, `min` and `max`.

    Raises:
        CheckpointError: The checkpoint can't be loaded.
        ConfigError: The stochastic policy can't act in so many environments.
    """
    # Here, as they import TensorFlow, which takes longer than to check arguments.
    from examples.ppo.ppo import PPO
    from examples.ppo.runs.environments import define_batch_env, make_env
    from examples.ppo.runs.episodes import play
    from examples.ppo.runs.simulation import DeterministicPolicy
    from examples.ppo.runs.stochastic_policy import StochasticPolicy

    config = run.config
    seed = config.seed if seed is None else seed
    num_envs = min(num_agents or config.eval_agents, num_episodes)
    if stochastic and num_envs > config.num_agents:
        if num_agents:
            raise ConfigError(
                f"Expected num_agents to be at most {config.num_agents}, for which the "
                f"stochastic policy was made, got {num_agents}."
            )
        num_envs = config.num_agents
    with contextlib.ExitStack() as stack:
        constructor = functools.partial(make_env, config)
        batch = define_batch_env(constructor, num_envs, env_processes)
        stack.callback(batch.close)
        algo = PPO(batch.single_observation_space, batch.single_action_space, config)
        restored = run.restore(algo)
        policy = (
            StochasticPolicy(algo, seed)
            if stochastic
            else DeterministicPolicy(algo, num_envs)
        )
        counts = [-(-num_episodes // num_envs)] * num_envs
        episodes = play(batch, policy, counts, seed=seed)
    # By environment, so that the order doesn't depend on who ends first.
    episodes.sort(key=lambda episode: episode.env)
    scores = [episode.score for episode in episodes]
    lengths = [episode.length for episode in episodes]
    return {
        "run": run.folder.name,
        "env": config.env,
        "checkpoint": restored.step,
        "training_steps": int(algo.learner.num_updates) * config.update_every,
        "stochastic": stochastic,
        "seed": seed,
        "num_agents": num_envs,
        "episodes": len(episodes),
        "terminated": sum(episode.terminated for episode in episodes),
        "score": _summarize(scores),
        "length": _summarize(lengths),
        "scores": scores,
        "lengths": lengths,
    }


def _summarize(values: Sequence[float]) -> dict[str, float]:
    return {
        "mean": float(np.mean(values)),
        "std": float(np.std(values)),
        "interquartile_mean": interquartile_mean(values),
        "min": float(np.min(values)),
        "max": float(np.max(values)),
    }


def _describe(result: dict[str, Any]) -> str:
    how = "stochastic" if result["stochastic"] else "deterministic"
    ends = f"{result['terminated']} terminated, the others truncated"
    if result["terminated"] in (0, result["episodes"]):
        ends = f"all {'terminated' if result['terminated'] else 'truncated'}"
    lines = [
        f"{result['env']} after {result['training_steps']:,} training steps "
        f"(run {result['run']}, checkpoint {result['checkpoint']})",
        f"{result['episodes']} {how} episodes in {result['num_agents']} environments "
        f"from seed {result['seed']}: {ends}",
    ]
    columns = [name.replace("_", " ") for name in result["score"]]
    lines.append(" " * 8 + "".join(f"{name:>{len(name) + 7}}" for name in columns))
    for name in ("score", "length"):
        cells = zip(columns, result[name].values(), strict=True)
        figures = "".join(f"{value:{len(column) + 7}.1f}" for column, value in cells)
        lines.append(f"{name:8}{figures}")
    return "\n".join(lines)


def _main(known: argparse.Namespace) -> None:
    run = find_trained_run(known.logdir, known.timestamp, known.checkpoint)
    import_tensorflow()
    result = evaluate(
        run,
        num_episodes=known.num_episodes,
        num_agents=known.num_agents,
        env_processes=known.env_processes,
        seed=known.seed,
        stochastic=known.stochastic,
    )
    print(json.dumps(result, indent=2) if known.json else _describe(result))


def run(arguments: Sequence[str] | None = None) -> int:
    """Evaluate as told by the command line.

    Args:
        arguments: The arguments, or None for those of the process.

    Returns:
        The exit code: 0, 2 after an error, or 130 if interrupted.
    """
    parser = define_parser("evaluate", "Measure a trained policy.")
    parser.add_argument(
        "--num_episodes",
        type=positive,
        default=20,
        help="episodes to play, the same number in each environment (default: 20)",
    )
    add_environments(parser)
    parser.add_argument(
        "--stochastic", action="store_true", help="draw actions, as training does"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return run_program(_main, parser, arguments)


if __name__ == "__main__":
    sys.exit(run())
