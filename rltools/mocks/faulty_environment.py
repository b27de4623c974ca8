"""An environment in which chosen things go wrong."""

import secrets
from typing import Any, SupportsFloat

import gymnasium as gym

from rltools.mocks.faults.corruption import Corruption, Info
from rltools.mocks.faults.disruption import Disruption
from rltools.mocks.faults.fault import Fault
from rltools.mocks.faults.firing import Firing
from rltools.mocks.faults.schedule import FaultSchedule


class Faulty(gym.Wrapper[Any, Any, Any, Any]):
    """Adds faults to an environment.

    At each reset and step, disruptions such as `Raise` come first, then the environment
    does its work, and then what it returns is corrupted; where an episode has ended,
    faults with `at="end"` follow, of either kind. Within that, faults go by the order
    in which they are given. One that raises or ends the process keeps those after it
    from firing.

    A call that fails counts: the step after a `Raise(at_step=3)` is step 4.

    `mocks.faulty` makes such environments in other processes.

    Args:
        env: The environment to wrap.
        *faults: The faults, of `rltools.mocks.faults`.
        seed: Seed of the faults with a probability, which follow from it exactly. None
            takes the seed of each `reset(seed=...)`, which restarts the draws, so that
            the environments of a batch, and the lives of a worker that is restarted,
            differ; until one is given, it is drawn from the operating system.
        env_index: Tells environments with the same seed apart.

    Raises:
        InvalidArgumentError: Something else than faults, or a negative seed or index.
        InvalidSpaceError: No observation of the environment can have one of the faults.
        Exception: What a fault with `at="constructor"` raises.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        *faults: Fault,
        seed: int | None = None,
        env_index: int = 0,
    ) -> None:
        super().__init__(env)
        self._follows_resets = seed is None
        seed = secrets.randbits(32) if seed is None else seed
        self._schedule = FaultSchedule(faults, seed, env_index)
        for fault in faults:
            fault.check_space(env.observation_space)
        self._episode = -1
        self._step = 0
        self._previous: Any = None
        for firing in self._schedule.due(Disruption, "constructor", None, None):
            firing.fault.strike(firing)

    @property
    def schedule(self) -> list[Firing]:
        """What has fired so far, in this order; a new list each time."""
        return list(self._schedule.fired)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, Info]:
        """Start an episode, with the faults of a reset.

        Args:
            seed: Passed on; also the seed of the faults if they have no own one.
            options: Passed on.

        Returns:
            Tuple of observation and info.

        Raises:
            Exception: What a fault raises.
        """
        if seed is not None and self._follows_resets:
            self._schedule.restart(seed, self._episode + 1)
        self._episode += 1
        self._step = 0
        self._disrupt("reset")
        observ, info = self.env.reset(seed=seed, options=options)
        observ, info = self._corrupt("reset", observ, info)
        self._previous = observ
        return observ, info

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, Info]:
        """Take a step, with the faults of it.

        Args:
            action: Passed on.

        Returns:
            Tuple of observation, reward, terminated, truncated and info.

        Raises:
            Exception: What a fault raises.
        """
        if self._episode < 0:
            return self.env.step(action)  # The environment knows what to say to that.
        self._step += 1
        self._disrupt("step")
        observ, reward, terminated, truncated, info = self.env.step(action)
        observ, info = self._corrupt("step", observ, info)
        if terminated or truncated:
            observ, info = self._corrupt("end", observ, info)
        self._previous = observ
        return observ, reward, terminated, truncated, info

    def _disrupt(self, place: str) -> None:
        due = self._schedule.due(Disruption, place, self._episode, self._step)
        for firing in due:
            firing.fault.strike(firing)

    def _corrupt(self, place: str, observ: Any, info: Info) -> tuple[Any, Info]:
        # Disruptions have struck by now, but for those at the end.
        kind = Fault if place == "end" else Corruption
        due = self._schedule.due(kind, place, self._episode, self._step)
        space, previous = self.observation_space, self._previous
        for firing in due:
            fault = firing.fault
            fault.strike(firing)
            observ, info = fault.corrupt(
                observ, info, firing, space=space, previous=previous
            )
        return observ, info
