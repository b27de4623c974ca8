"""TF-Agents' `DynamicStepDriver`, as `benchmarks.in_graph` measures it."""

import os
from functools import partial
from typing import Any

import gymnasium as gym

from benchmarks.stopwatch import Stopwatch, clock, total
from benchmarks.tf_agents_env import make_tf_agents_env

# Ways to step many environments: in processes of their own, or in threads.
KINDS = ("processes", "threads", "one-thread")


def measure(
    *,
    env: str,
    num_envs: int,
    steps: int,
    turns: int,
    launched: float,
    kind: str,
) -> dict[str, Any]:
    """Let the collect policy of PPO act for some turns.

    Args:
        env: Name of a Gymnasium environment with discrete actions.
        num_envs: How many of them.
        steps: Steps of each in a turn, on average: what the driver counts are steps of
            single environments, without those in whose place one is reset.
        turns: How many turns count; one before them does not.
        launched: When this process was started.
        kind: One of `KINDS`.

    Returns:
        A `benchmarks.contest.Result` as JSON.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf
    import tf_agents
    from tf_agents.agents.ppo.ppo_policy import PPOPolicy
    from tf_agents.drivers.dynamic_step_driver import DynamicStepDriver
    from tf_agents.environments import (
        batched_py_environment,
        parallel_py_environment,
        tf_py_environment,
    )
    from tf_agents.networks.actor_distribution_network import ActorDistributionNetwork
    from tf_agents.networks.value_network import ValueNetwork
    from tf_agents.replay_buffers.tf_uniform_replay_buffer import (
        TFUniformReplayBuffer,
    )
    from tf_agents.system import multiprocessing
    from tf_agents.utils import common

    constructor = partial(make_tf_agents_env, partial(gym.make, env))
    if kind == "processes":
        multiprocessing.enable_interactive_mode()
        inner = parallel_py_environment.ParallelPyEnvironment(
            [constructor] * num_envs, start_serially=False
        )
    else:
        inner = batched_py_environment.BatchedPyEnvironment(
            [constructor() for _ in range(num_envs)],
            multithreading=kind == "threads",
        )
    stepping = Stopwatch()
    stepping.follow(inner, "step")
    environments = tf_py_environment.TFPyEnvironment(inner)
    layers = {"fc_layer_params": (64, 64), "activation_fn": tf.keras.activations.tanh}
    observations = environments.observation_spec()
    # It keeps the parameters of the distribution in place of the log-probability of
    # the action, which saves it some work.
    policy = PPOPolicy(
        environments.time_step_spec(),
        environments.action_spec(),
        ActorDistributionNetwork(observations, environments.action_spec(), **layers),
        ValueNetwork(observations, **layers),
    )
    memory = TFUniformReplayBuffer(
        policy.trajectory_spec, batch_size=num_envs, max_length=steps
    )
    driver = DynamicStepDriver(
        environments,
        policy,
        observers=[memory.add_batch],
        num_steps=steps * num_envs,
    )
    run = common.function(driver.run)
    time_step, state = run(environments.reset(), policy.get_initial_state(num_envs))
    start = clock() - launched
    spans = []
    for _ in range(turns):
        started = clock()
        time_step, state = run(time_step, state)
        time_step.reward.numpy()
        spans.append((started, clock()))
    inner.close()
    inside = [stepping.between(*span) for span in spans]
    return {
        "steps": steps * num_envs,
        "seconds": [end - started for started, end in spans],
        "parts": {"environments": [total(each) for each in inside]},
        "figures": {"start": start},
        "note": f"TF-Agents {tf_agents.__version__}, TensorFlow {tf.__version__}, "
        f"Gymnasium {gym.__version__}",
    }
