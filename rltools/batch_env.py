"""Many environments, stepped as one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from rltools.arguments import check_worker_options
from rltools.batching import inputs, members
from rltools.batching.actions import Actions
from rltools.batching.episodes import Episodes
from rltools.batching.failures import raise_failures
from rltools.batching.grouping import group_envs
from rltools.batching.groups import Groups, JointCall, Outcome
from rltools.batching.infos import stack_infos
from rltools.batching.observations import Observations
from rltools.batching.pending import PendingCall
from rltools.cluster.launch import launch_actors
from rltools.errors import ClosedError, PendingCallError
from rltools.launching.launch import launch
from rltools.launching.plan import LaunchPlan
from rltools.process.promise import Promise
from rltools.process.worker_env import WorkerEnv


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
        self._pending: PendingCall | None = None
        try:
            members.collect(envs, into=self.envs)
            self._autoreset = inputs.parse_autoreset(autoreset)
            self._adopt_spaces()
            groups = group_envs(self.envs, blocking=blocking)
        except BaseException as error:
            try:
                self.close()
            except Exception as failure:
                error.add_note(f"Closing the environments failed, too: {failure}")
            raise
        self._groups = Groups(groups, blocking=blocking)
        self._observations = Observations(
            self.single_observation_space, self._groups.readable, copy=copy
        )
        self._actions = Actions(
            self.single_action_space, self.action_space, self.num_envs
        )
        self._steps_past_end = self._autoreset is not AutoresetMode.DISABLED
        self._resets_in_step = self._autoreset is AutoresetMode.SAME_STEP
        self.plan: LaunchPlan | None = None
        self._everyone = list(range(self.num_envs))
        self._episodes = Episodes(self.num_envs)

    @classmethod
    def launch(
        cls,
        make: Callable[[], gym.Env] | Sequence[Callable[[], gym.Env]],
        num_envs: int | None = None,
        *,
        workers: int | str = "auto",
        pin: bool | str = "auto",
        threads: int | None = None,
        timeout: float | None = None,
        restarts: int = 0,
        cluster: str | None = None,
        ray_options: Mapping[str, Any] | None = None,
        autoreset: str | AutoresetMode = AutoresetMode.DISABLED,
        copy: bool = True,
    ) -> "BatchEnv":
        """Make environments and a batch of them, spread over worker processes.

        Each worker hosts several environments, which makes cheap ones fast: a step of
        the batch is one message to each worker, and all arrays are in shared memory.

        With `workers="auto"`, the step of an environment is measured first, with random
        actions, and the choice is never much slower than one loop in this process: if
        that is best, the environments are made here. A number of workers is taken as it
        is and nothing is stepped; the constructor is then called once for each
        environment, and never in this process.

        Args:
            make: Makes an environment; or a sequence of constructors, one for each.
            num_envs: How many to make; not needed for a sequence.
            workers: The number of processes, 0 for none, or `"auto"`.
            pin: Whether each worker keeps to one core. `"auto"` tries it, with
                `workers="auto"`, and means no with a number of workers.
            threads: Threads of each worker's numerical libraries, as in
                `ExternalProcess`.
            timeout: Seconds that a request to a worker may take.
            restarts: How often each worker may be brought back.
            cluster: None for this machine; `"ray"` for a Ray cluster, where each worker
                is an actor, as in `RayActor`. With `workers="auto"` there are as many
                as the cluster has room for, but nothing is measured.
            ray_options: Options of each actor, such as `num_cpus`.
            autoreset: As in the batch's constructor; done in the workers.
            copy: As in the batch's constructor.

        Returns:
            The batch; its `plan` says what was chosen and why.

        Raises:
            InvalidArgumentError: An argument has a value that makes no sense.
            Exception: What a constructor raised. All environments are closed first.
        """
        constructors = inputs.parse_constructors(make, num_envs)
        workers = inputs.parse_workers(workers, len(constructors))
        pin = inputs.parse_pin(pin)
        options = check_worker_options(threads, timeout, restarts)
        where = inputs.parse_cluster(cluster, ray_options, workers, pin, threads)
        envs: list[gym.Env]
        if where is None:
            envs, plan = launch(constructors, workers=workers, pin=pin, **options)
        else:
            envs, plan = launch_actors(
                constructors,
                workers=workers,
                timeout=timeout,
                restarts=restarts,
                options=where,
            )
        batch = cls(envs, autoreset=autoreset, copy=copy)
        batch.plan = plan
        return batch

    def _adopt_spaces(self) -> None:
        members.check(self.envs)
        first, self.num_envs = self.envs[0], len(self.envs)
        self.single_observation_space = first.observation_space
        self.single_action_space = first.action_space
        self.observation_space = batch_space(first.observation_space, self.num_envs)
        self.action_space = batch_space(first.action_space, self.num_envs)
        self.metadata = {**first.metadata, "autoreset_mode": self._autoreset}
        self.render_mode = first.render_mode

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """Process ids of the workers that its environments are in."""
        pids = [env.pid for env in self.envs if isinstance(env, WorkerEnv)]
        return tuple(dict.fromkeys(pids))

    def __repr__(self) -> str:
        plural = "" if self.num_envs == 1 else "s"
        plan = "" if self.plan is None else f" {self.plan}"
        return f"<BatchEnv of {self.num_envs} environment{plural}{plan}>"

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
                seed or None for each of the `indices`, or for each environment of the
                batch, also where a mask chooses some.
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
        count = None if mask is None else self.num_envs  # As Gymnasium has it.
        seeds = inputs.seeds_for(seed, chosen, count)
        self._groups.check_free(chosen, to_reset=True)
        if isinstance(seed, int | np.integer):
            super().reset(seed=int(seed))  # The batch's own generator.
        read: Any = self._observations.read
        if indices is not None:
            read = partial(self._observations.read_rows, chosen)
        finish = partial(self._finish_reset, chosen, read)
        try:
            call = self._groups.reset(chosen, seeds, options, waits=blocking)
            if not blocking:
                return self._promise(chosen, call, finish)
            outcome = call.merge(call.reports())
        except BaseException:
            self._episodes.lose(chosen)
            raise
        return finish(outcome)

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
            PendingCallError: The promise of an earlier step or reset, of the batch or
                of one of its environments, was not called. Nothing has moved.
            InvalidObservationError, InvalidResultError: An environment broke its word.
            Exception: Whatever an environment raised; `BatchError` if several did. The
                other environments have been stepped; those that failed must be reset.
        """
        if self.closed or self._pending is not None:
            self._check_usable()
        episodes = self._episodes
        episodes.check_steppable(past_end=self._steps_past_end)
        actions = self._actions.take(actions)
        self._groups.check_free(None, to_reset=False)
        # None, but with next-step autoreset.
        resets = episodes.ended if episodes.any_ended else None
        try:
            if not blocking:
                call = self._groups.step(actions, resets, self._resets_in_step)
                return self._promise(self._everyone, call, self._finish_step)
            outcome = self._groups.carry_out(actions, resets, self._resets_in_step)
        except BaseException:  # Such as Ctrl-C.
            episodes.lose(self._everyone)  # What has become of them, nobody knows.
            raise
        return self._finish_step(outcome)

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Call a method of every environment, or get an attribute."""
        self._check_usable()
        return members.call(self.envs, name, *args, **kwargs)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """The attribute of every environment, through its wrappers."""
        self._check_usable()
        return tuple(env.get_wrapper_attr(name) for env in self.envs)

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute: a list or tuple has a value for each environment."""
        self._check_usable()
        members.set_attr(self.envs, name, values)

    def render(self) -> tuple[Any, ...]:
        """What each environment renders."""
        self._check_usable()
        return tuple(env.render() for env in self.envs)

    def close_extras(self, **kwargs: Any) -> None:
        """Close all environments together; see `close`."""
        self.closed = True
        if self._pending is not None and not self._pending.is_over:
            self._pending.give_up(ClosedError("The batch was closed before its call."))
        self._pending = None  # It holds on to the memory of workers.
        members.close(self.envs)

    def _check_open(self) -> None:
        if self.closed:
            raise ClosedError("The batch has been closed.")

    def _check_usable(self, *, to_reset: bool = False) -> None:
        self._check_open()
        if self._pending is not None and not self._pending.is_over:
            self._pending.check_out_of_the_way(of_reset=to_reset)
            self._give_up(self._pending)

    def _give_up(self, call: PendingCall) -> None:
        reason = "The call was given up when the batch was used again."
        call.give_up(PendingCallError(reason))
        self._episodes.lose(call.rows)  # What has become of them, nobody knows.

    def _promise(
        self,
        rows: list[int],
        call: JointCall,
        finish: Callable[[Outcome], Any],
    ) -> Promise:
        pending = PendingCall(rows, call, lambda reports: finish(call.merge(reports)))
        self._pending = pending
        if self.closed:  # By a signal handler, a moment ago.
            self._pending = None
            self._check_open()
        return pending.promise()

    def _finish_reset(
        self, rows: list[int], read: Callable[[], Any], outcome: Outcome
    ) -> tuple[Any, dict[str, Any]]:
        self._check_open()
        infos, failures = outcome
        self._episodes.begin(rows, failures)
        raise_failures("reset", failures)
        return read(), stack_infos(infos, self.num_envs)

    def _finish_step(self, outcome: Outcome) -> Any:
        if self.closed:
            self._check_open()
        infos, failures = outcome
        rewards, terminated, truncated = self._groups.outcomes()
        if self._resets_in_step:
            self._episodes.go_on_reset(failures)
        else:
            self._episodes.go_on(terminated, truncated, failures)
        if failures:
            raise_failures("step", failures)
        stacked = stack_infos(infos, self.num_envs) if infos else {}
        return self._observations.read(), rewards, terminated, truncated, stacked
