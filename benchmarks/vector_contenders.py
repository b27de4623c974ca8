"""Other libraries' vector environments, as contenders; each in its usual setting.

What they do when an episode ends differs and is said for each. It only matters for
CartPole, where under random actions about one step in twenty is the last of an episode.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

from benchmarks.tf_agents_env import make_tf_agents_env
from benchmarks.unchecked_loop import UncheckedLoop
from rltools.bench.contender import SEED, BatchContender, Contender, Opened, Task
from rltools.bench.contenders import list_contenders
from rltools.bench.machine import count_cores
from rltools.bench.target import is_gymnasium_name
from rltools.errors import InvalidArgumentError

PACKAGES = (
    "rltools",
    "gymnasium",
    "numpy",
    "stable-baselines3",
    "tianshou",
    "tf-agents",
    "pufferlib",
    "envpool",
    "torch",
    "tensorflow",
)


class StableBaselinesDummy(BatchContender):
    """Stable-Baselines3 in process. It resets within the step that ends an episode."""

    def open(self, task: Task) -> Opened:
        """See `BatchContender`."""
        from stable_baselines3.common.vec_env import DummyVecEnv

        env = DummyVecEnv([task.constructor] * task.num_envs)
        env.seed(SEED)
        env.reset()
        return Opened(env.step, task.actions, env.close)


class StableBaselinesSubproc(BatchContender):
    """Stable-Baselines3 with processes. It resets as the one in process does.

    They are forked, as Gymnasium's are. Its default, a fork server, imports PyTorch
    again in each: that takes minutes, and the steps take the same time.
    """

    def open(self, task: Task) -> Opened:
        """See `BatchContender`."""
        from stable_baselines3.common.vec_env import SubprocVecEnv

        constructors = [task.constructor] * task.num_envs
        env = SubprocVecEnv(constructors, start_method="fork")
        env.seed(SEED)
        env.reset()
        return Opened(env.step, task.actions, env.close, f"{task.num_envs} workers")


@dataclass(frozen=True)
class Tianshou(BatchContender):
    """Tianshou. It leaves resets to its user, as here: right after the step.

    Attributes:
        kind: Name of the class.
    """

    kind: str

    def open(self, task: Task) -> Opened:
        """See `BatchContender`."""
        import tianshou.env

        env = getattr(tianshou.env, self.kind)([task.constructor] * task.num_envs)
        env.seed(SEED)
        env.reset()

        def step(actions: Any) -> None:
            _, _, terminated, truncated, _ = env.step(actions)
            if (ended := terminated | truncated).any():
                env.reset(np.flatnonzero(ended))

        return Opened(step, task.actions, env.close, f"{task.num_envs} workers")


class TFAgents(BatchContender):
    """TF-Agents. It resets in the place of the step after the last of an episode."""

    def open(self, task: Task) -> Opened:
        """See `BatchContender`."""
        from tf_agents.environments import parallel_py_environment
        from tf_agents.system import multiprocessing

        multiprocessing.enable_interactive_mode()
        constructor = partial(make_tf_agents_env, task.constructor)
        env = parallel_py_environment.ParallelPyEnvironment(
            [constructor] * task.num_envs, start_serially=False
        )
        env.reset()
        return Opened(env.step, task.actions, env.close, f"{task.num_envs} workers")


class PufferLib(BatchContender):
    """PufferLib. It resets in the place of the step after the last of an episode.

    Its workers, and the process that waits for them, look for news without a pause. So
    it gets a core for each of them: with a worker on every core it is far slower.
    """

    def open(self, task: Task) -> Opened:
        """See `BatchContender`."""
        import pufferlib.emulation
        import pufferlib.vector

        possible = range(1, max(2, count_cores()))
        workers = max(n for n in possible if task.num_envs % n == 0)
        env = pufferlib.vector.make(
            pufferlib.emulation.GymnasiumPufferEnv,
            env_kwargs={"env_creator": task.constructor},
            backend=pufferlib.vector.Multiprocessing,
            num_envs=task.num_envs,
            num_workers=workers,
        )
        env.reset(seed=SEED)
        note = f"{workers} workers that spin"
        return Opened(env.step, task.actions, env.close, note)


class EnvPool(BatchContender):
    """EnvPool, which has environments of its own in C++: another CartPole.

    It resets in the place of the step after the last of an episode.
    """

    def open(self, task: Task) -> Opened:
        """See `BatchContender`."""
        import envpool

        if not (
            is_gymnasium_name(task.target) and task.target in envpool.list_all_envs()
        ):
            raise InvalidArgumentError("has environments of its own only")
        env = envpool.make(
            task.target, env_type="gymnasium", num_envs=task.num_envs, seed=SEED
        )
        env.reset()
        space: gym.Space = env.action_space
        actions = [np.asarray(batch, space.dtype) for batch in task.actions]
        return Opened(env.step, actions, env.close, "its own environment in C++")


def list_all_contenders(num_envs: int) -> list[Contender]:
    """All contenders, installed or not.

    Args:
        num_envs: How many environments they will step.
    """
    stable_baselines = "stable_baselines3.common.vec_env"
    return [
        *list_contenders(num_envs),
        UncheckedLoop("unchecked-loop", "gymnasium"),
        StableBaselinesDummy("sb3-dummy", stable_baselines),
        StableBaselinesSubproc("sb3-subproc", stable_baselines),
        Tianshou("tianshou-subproc", "tianshou.env", "SubprocVectorEnv"),
        Tianshou("tianshou-shmem", "tianshou.env", "ShmemVectorEnv"),
        TFAgents("tf-agents", "tf_agents.environments.parallel_py_environment"),
        PufferLib("pufferlib", "pufferlib.vector"),
        EnvPool("envpool", "envpool"),
    ]
