"""The step of an environment that is alone in its worker, in as little code as can be.

Where several processes share a core, each finds the processor's caches filled by others
when its turn comes, and then what costs time is how much code and data it touches. The
general way, made for many environments, has been measured to take four times as long.
"""

from collections.abc import Callable

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from rltools.hosting.columns import Columns
from rltools.hosting.env_group import EnvGroup
from rltools.hosting.report import Report
from rltools.hosting.results import ORDINARY_FLAGS, ORDINARY_REWARDS
from rltools.hosting.rows import ARRAY_SPACES
from rltools.process.packing import pack_report
from rltools.process.signals import RESET_ONLY, SAME_STEP

# Carries out what was announced; see `inbox.Step`.
Step = Callable[[int], bytes]


def solo_step(
    env: gym.Env, columns: Columns, group: EnvGroup, general_step: Step
) -> Step:
    """Make what steps the only environment with the action in its row.

    Args:
        env: The environment.
        columns: With one row.
        group: Of the environment; takes in what is not as usual.
        general_step: What is to be done for spaces of other kinds, and for resets.

    Returns:
        A function that does the same as `general_step`.
    """
    space = env.observation_space
    is_plain = isinstance(space, spaces.Box) and bool(space.shape)
    if not is_plain or not isinstance(env.action_space, ARRAY_SPACES):
        return general_step
    assert columns.actions is not None
    [actions], [observs] = columns.actions.leaves(), columns.observs.leaves()
    assert isinstance(observs, np.ndarray)
    row, shape, dtype = observs[0], space.shape, observs.dtype
    is_scalar = not env.action_space.shape
    resets, rewards = columns.resets.data, columns.rewards.data
    terminations, truncations = columns.terminated.data, columns.truncated.data
    allowed_rewards, allowed_flags, array = ORDINARY_REWARDS, ORDINARY_FLAGS, np.ndarray
    step = env.step

    def step_once(flags: int) -> bytes:
        if resets[0] or flags & RESET_ONLY:
            return general_step(flags)
        try:
            # A copy: an environment may keep its action, and the next one comes here.
            result = step(actions[0] if is_scalar else actions[0].copy())
        except BaseException as error:
            return take_in(None, Report(failures={0: error}))
        if type(result) is not tuple or len(result) != 5:
            return take_in(result, Report())
        observ, reward, terminated, truncated, info = result
        if (
            type(observ) is not array
            or observ.dtype != dtype
            or observ.shape != shape
            or type(reward) not in allowed_rewards
            or type(terminated) not in allowed_flags
            or type(truncated) not in allowed_flags
            or type(info) is not dict
            or (flags & SAME_STEP and (terminated or truncated))
        ):
            return take_in(result, Report(), bool(flags & SAME_STEP))
        row[...] = observ
        rewards[0] = reward  # type: ignore[call-overload]
        terminations[0] = terminated
        truncations[0] = truncated
        return pack_report(Report(infos={0: info}), []) if info else b""

    def take_in(result: object, report: Report, same_step: bool = False) -> bytes:
        return pack_report(group.take_steps([result], report, same_step=same_step), [])

    return step_once
