"""One environment of a worker."""

import time
from collections.abc import Sequence
from typing import Any
from weakref import ref

import gymnasium as gym

from rltools.errors import PendingCallError
from rltools.process.move import Move
from rltools.process.promise import Promise
from rltools.process.protocol import Command
from rltools.process.remote_attributes import RemoteAttributes
from rltools.process.supervisor import Supervisor

_SECONDS_TO_CLOSE = 2.0
_PENDING = "{} can't {}: call the promise of its last step or reset, or reset if late."


class WorkerEnv(RemoteAttributes):
    """An environment that lives in a worker, maybe beside others.

    Its public attributes are the environment's, to be read, set and called.

    Args:
        supervisor: Of the worker.
        slot: Which of the worker's environments it is.
    """

    def __init__(self, supervisor: Supervisor, slot: int) -> None:
        super().__init__(supervisor, slot)
        self._promised: ref[Promise] | None = None
        self._number = 0  # That of the move which was promised.
        self._given_up: Promise | None = None

    def reset(
        self,
        *,
        seed: int | None = None,
        options: dict[str, Any] | None = None,
        blocking: bool = True,
    ) -> Any:
        """Start a new episode.

        Args:
            seed: Passed on to the environment.
            options: Passed on to the environment.
            blocking: Whether to wait; if not, a promise of the result is returned.

        Returns:
            The tuple `(observation, info)`, or the promise of it.

        Raises:
            PendingCallError: An earlier promise was neither called nor given up.
        """
        self.check_free(to_reset=True)
        pending = self._supervisor.open.rows_call
        if pending is not None and not pending.given_up and not self._is_closed:
            raise PendingCallError(_PENDING.format(self, "reset"))
        # What is late there does not matter now.
        self._supervisor.open.rows_call = None
        return self._move(Command.RESET, blocking, seed, options)

    def step(self, action: Any, blocking: bool = True) -> Any:
        """Take an action.

        Args:
            action: Passed on to the environment, which judges it.
            blocking: Whether to wait; if not, a promise of the result is returned.

        Returns:
            Gymnasium's five values, or the promise of them.

        Raises:
            PendingCallError: An earlier promise of a step or reset was not called; or
                timed out, or was interrupted, which only a reset gets over.
        """
        self.check_free(to_reset=False)
        if self._supervisor.open.rows_call is not None and not self._is_closed:
            raise PendingCallError(_PENDING.format(self, "step"))
        return self._move(Command.STEP, blocking, action)

    def check_free(self, *, to_reset: bool) -> None:
        """See `PromisingEnv`."""
        pending = self._unfetched()
        if self._is_closed:
            return  # Which is what will be told.
        if to_reset:
            is_free = pending is None or pending.given_up
        else:
            is_free = pending is None and self._slot not in self._supervisor.open.late
        if not is_free:
            verb = "reset" if to_reset else "step"
            raise PendingCallError(_PENDING.format(self, verb))

    def start_close(self) -> None:
        """Ask the worker to end, without waiting for it."""
        self._supervisor.start_close(time.monotonic() + _SECONDS_TO_CLOSE)

    def close(self) -> None:
        """Close the environment, and end the worker and what it started.

        A worker that takes more than two seconds is killed. Never raises, and can be
        called again; what the environment's own `close` raises is logged.
        """
        self.start_close()
        self._supervisor.close()

    def _move(self, command: Command, blocking: bool, *arguments: Any) -> Any:
        move = Move(self._supervisor, self._slot, command, arguments)
        promise: Promise = Promise(move.wait, move.ready)
        self._promised, self._number = ref(promise), move.number
        self._supervisor.open.promised.add(self._slot)
        self._given_up = None
        if not blocking:
            return promise
        try:
            return promise()
        except BaseException:
            if not promise.fetched:
                promise.give_up()
                self._given_up = promise  # It may still be carried out.
            raise

    def _unfetched(self) -> Promise | None:
        """The promise of a step or reset that its holder has not called yet.

        One that was late matters no more once the batch has been reset.
        """
        promise = None if self._promised is None else self._promised()
        if promise is None or promise.fetched:
            return None
        is_outdated = self._supervisor.open.is_outdated(self._slot, self._number)
        return None if is_outdated else promise


def worker_of(envs: Sequence[gym.Env]) -> Supervisor | None:
    """The supervisor of a worker if all its environments come first here, in order.

    None if not, or if a subclass has steps or resets of its own.
    """
    first = envs[0]
    if not isinstance(first, WorkerEnv):
        return None
    supervisor = first._supervisor
    for slot in range(supervisor.count):
        env = envs[slot] if slot < len(envs) else None
        if not isinstance(env, WorkerEnv) or env._supervisor is not supervisor:
            return None
        is_plain = type(env).step is WorkerEnv.step
        if env._slot != slot or not is_plain or type(env).reset is not WorkerEnv.reset:
            return None
    return supervisor
