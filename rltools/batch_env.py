"""Many environments, stepped as one."""

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from rltools.batching import inputs
from rltools.batching.episodes import Episodes, Failures, Steps
from rltools.batching.gather import gather, raise_failures
from rltools.batching.infos import stack_infos
from rltools.batching.members import Calls, Members
from rltools.batching.pending import PendingCall
from rltools.errors import ClosedError


class BatchEnv(gym.vector.VectorEnv):
    """A Gymnasium vector environment over a list of environments.

    Environments in other processes (`ExternalProcess`) work at the same time; others
    are called one after another. All arrays that are returned belong to the caller.

    A batch is strict: actions are checked before any environment moves, and results
    before they are stacked; nothing is broadcast, and nothing is cast with loss.

    Args:
        envs: The environments, of equal spaces. The batch closes them.
        blocking: Whether to wait for each environment before the next one is called,
            also where they could work at the same time.
        autoreset: What follows the end of an episode, as a string or a Gymnasium
            `AutoresetMode`. `"disabled"`: the caller resets, by `indices` or by
            `options={"reset_mask": mask}`. `"next_step"`: the environment's next step
            ignores the action and resets. `"same_step"`: it is reset at once; the last
            observation and info are in `info["final_obs"]` and `info["final_info"]`.
        copy: Whether observations are copies. If not, the next call overwrites them.

    Attributes:
        num_envs: The number of environments, also `len(batch)`.
        envs: The environments; also `batch[index]`.
        single_observation_space, single_action_space: Spaces of one environment.
        observation_space, action_space: Spaces of the batch.

    Raises:
        ValueError: No environments, one of them twice, or an unknown autoreset mode.
        InvalidArgumentError: Something else than environments.
        InvalidSpaceError: The spaces of two environments differ.
        Exception: What the constructor of a worker's environment raised. Whatever goes
            wrong here, all environments are closed first.
    """

    def __init__(
        self,
        envs: Iterable[gym.Env],
        *,
        blocking: bool = False,
        autoreset: str | AutoresetMode = AutoresetMode.DISABLED,
        copy: bool = True,
    ) -> None:
        self.envs: list[gym.Env] = []
        self._members = Members(self.envs, blocking=blocking)
        try:
            self._members.collect(envs)
            self._autoreset = inputs.parse_autoreset(autoreset)
            self._adopt_spaces()
        except BaseException as error:
            try:
                self.close()
            except Exception as failure:
                error.add_note(f"Closing the environments failed, too: {failure}")
            raise
        self._copy = copy
        self._episodes = Episodes(self.single_observation_space, self.num_envs)
        self._pending: PendingCall | None = None

    def _adopt_spaces(self) -> None:
        self._members.check()
        first, self.num_envs = self.envs[0], len(self.envs)
        self.single_observation_space = first.observation_space
        self.single_action_space = first.action_space
        self.observation_space = batch_space(first.observation_space, self.num_envs)
        self.action_space = batch_space(first.action_space, self.num_envs)
        self.metadata = {**first.metadata, "autoreset_mode": self._autoreset}
        self.render_mode = first.render_mode

    def __len__(self) -> int:
        return len(self.envs)

    def __getitem__(self, index: int) -> gym.Env:
        return self.envs[index]

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
        indices: Sequence[int] | np.ndarray | None = None,
        blocking: bool = True,
    ) -> Any:
        """Start new episodes in all environments or in some.

        Args:
            seed: An integer gives environment `i` the seed `seed + i`; a sequence has a
                seed or None for each environment that is reset.
            options: Passed on to the environments, but for the entry `"reset_mask"`: a
                boolean array of shape `(num_envs,)` that says which to reset.
            indices: The environments to reset, in any order, each at most once.
            blocking: Whether to wait; if not, a promise of the result is returned.

        Returns:
            The tuple `(observ, info)`. With `indices`, `observ` has a row for each of
            them in their order; otherwise one for each environment, where a mask leaves
            the other rows as they were. Infos always have an entry per environment.

        Raises:
            ValueError, TypeError: `seed`, `indices` or the mask doesn't fit the batch.
            Exception: As in `step`.
        """
        self._check_usable(to_reset=True)
        options, mask = inputs.parse_reset_mask(options, self.num_envs)
        chosen = inputs.choose_indices(indices, mask, self.num_envs)
        seeds = inputs.seeds_for(seed, chosen)
        if isinstance(seed, int | np.integer):
            super().reset(seed=int(seed))  # The batch's own generator.
        calls = self._members.resets(chosen, seeds, options)

        def finish(results: dict[int, Any], failures: Failures) -> Any:
            infos = self._episodes.take_resets(results, failures)
            raise_failures("reset", failures)
            rows = None if indices is None else chosen
            observ = self._episodes.observs.read(rows, copy=self._copy)
            return observ, stack_infos(infos, self.num_envs)

        return self._answer(calls, finish, blocking)

    def step(self, actions: Any, *, blocking: bool = True) -> Any:
        """Take a step in every environment.

        Args:
            actions: An element of `action_space`; or a list with an element of
                `single_action_space` for each environment.
            blocking: Whether to wait; if not, a promise of the result is returned.
                Environments of this process have done their work by then.

        Returns:
            Gymnasium's five values: observations, rewards `(num_envs,)` float64,
            terminations and truncations `(num_envs,)` bool, and the stacked infos.

        Raises:
            InvalidActionError: The actions are not in the space; nothing has moved.
            ResetNeededError: An episode has not begun, or has ended with autoreset
                disabled. Nothing has moved.
            InvalidObservationError, InvalidResultError: An environment broke its word.
            Exception: Whatever an environment raised; `BatchError` if several did. The
                other environments have been stepped; those that failed must be reset.
        """
        self._check_usable()
        self._episodes.check_steppable(
            past_end=self._autoreset is not AutoresetMode.DISABLED
        )
        rows = inputs.split_actions(
            actions, self.single_action_space, self.action_space, self.num_envs
        )
        resets = self._episodes.ended.copy()  # None, but with next-step autoreset.
        calls = self._members.steps(rows, resets)

        def finish(results: dict[int, Any], failures: Failures) -> Any:
            return self._finish_step(results, failures, resets)

        return self._answer(calls, finish, blocking)

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Call a method of every environment, or get an attribute."""
        self._check_usable()
        return self._members.call(name, *args, **kwargs)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """The attribute of every environment, through its wrappers."""
        self._check_usable()
        return tuple(env.get_wrapper_attr(name) for env in self.envs)

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute: a list or tuple has a value for each environment."""
        self._check_usable()
        self._members.set_attr(name, values)

    def render(self) -> tuple[Any, ...]:
        """What each environment renders."""
        self._check_usable()
        return tuple(env.render() for env in self.envs)

    def close_extras(self, **kwargs: Any) -> None:
        """Close all environments together; see `close`."""
        self.closed = True
        self._members.close()

    def _check_usable(self, *, to_reset: bool = False) -> None:
        if self.closed:
            raise ClosedError("The batch has been closed.")
        if self._pending is not None and not self._pending.is_over:
            self._pending.check_out_of_the_way(of_reset=to_reset)
            self._give_up(self._pending)

    def _give_up(self, call: PendingCall) -> None:
        call.give_up()
        # Whether it has ended an episode, nobody knows.
        self._episodes.started[call.indices] = False

    def _answer(self, calls: Calls, finish: Callable[..., Any], blocking: bool) -> Any:
        self._pending = call = PendingCall(calls, finish)
        try:
            promise = call.start()
            return promise() if blocking else promise
        except BaseException:
            if not call.is_over:  # Such as Ctrl-C.
                self._give_up(call)
            raise

    def _finish_step(
        self, results: dict[int, Any], failures: Failures, resets: np.ndarray
    ) -> Any:
        stepped = {i: result for i, result in results.items() if not resets[i]}
        restarted = {i: result for i, result in results.items() if resets[i]}
        steps = self._episodes.take_steps(stepped, failures)
        infos = steps.infos | self._episodes.take_resets(restarted, failures)
        if self._autoreset is AutoresetMode.SAME_STEP:
            infos |= self._reset_ended(steps, failures)
        raise_failures("step", failures)
        observ = self._episodes.observs.read(copy=self._copy)
        flags = steps.terminated, steps.truncated
        return observ, steps.rewards, *flags, stack_infos(infos, self.num_envs)

    def _reset_ended(self, steps: Steps, failures: Failures) -> dict[int, Any]:
        ended = np.flatnonzero(self._episodes.ended & self._episodes.started).tolist()
        # Copied first: an environment may use its buffers again for its next episode.
        finals = {
            i: deepcopy({"final_obs": steps.observs[i], "final_info": steps.infos[i]})
            for i in ended
        }
        results, lost = gather({i: self._members.start(i, "reset") for i in ended})
        infos = self._episodes.take_resets(results, lost)
        failures |= lost
        return {index: info | finals[index] for index, info in infos.items()}
