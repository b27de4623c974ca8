"""The worker's environments, and what they can be asked to do."""

import contextlib
import gc
import sys
from collections.abc import Callable, Sequence
from typing import Any

import cloudpickle
import gymnasium as gym
import numpy as np

from rltools.errors import InvalidArgumentError, InvalidSpaceError
from rltools.hosting.batched import assemble, splitter
from rltools.hosting.columns import Columns, columns_in
from rltools.hosting.env_group import EnvGroup
from rltools.hosting.report import Report
from rltools.process.block import SharedBlock
from rltools.process.fleet import map_fleet
from rltools.process.huge_pages import collapse_heap
from rltools.process.measuring import measure
from rltools.process.packing import pack_report
from rltools.process.protocol import Command
from rltools.process.registrations import unpack_registrations
from rltools.process.signals import (
    IS_RELIABLE,
    RESET_ONLY,
    SAME_STEP,
    Signals,
    size_of_signals,
)
from rltools.process.solo import solo_step


class InRow:
    """A result whose observation is in the columns; `rest` is what follows it."""

    def __init__(self, rest: tuple[Any, ...]) -> None:
        self.rest = rest


class Host:
    """Holds environments and executes commands on them.

    Args:
        take_descriptor: Returns the descriptor that came with the last message.

    Attributes:
        closed: Whether there is nothing more to do.
        step: Carries out what was announced; see `inbox.Step`.
        signals: Where steps are announced, and the worker's place there; None before
            it has a place in shared memory.
    """

    def __init__(self, take_descriptor: Callable[[], int]) -> None:
        self._take_descriptor = take_descriptor
        self._envs: list[gym.Env] = []
        self._action_space: gym.Space
        self._split: Callable[[Any], list[Any]]
        self._columns: Columns
        self._group: EnvGroup | None = None
        self._first = 0
        self.step: Callable[[int], bytes] = self._carry_out_announced
        self.closed = False
        self.signals: tuple[Signals, int] | None = None
        self._actions: dict[Command, Callable[..., Any]] = {
            Command.BUILD: self._build,
            Command.STEP_ROWS: self._step_rows,
            Command.RESET_ROWS: self._reset_rows,
            Command.STEP: self._step,
            Command.RESET: self._reset,
            Command.CALL: self._call,
            Command.GET: self._get,
            Command.SET: self._set,
            Command.PLACE: self._place,
            Command.MEASURE: lambda seconds: measure(self._envs[0], seconds),
            Command.MOVE_IN: self._move_in,
            Command.CLOSE: self.close,
        }

    def execute(self, command: Command, arguments: tuple[Any, ...]) -> Any:
        """Do what is asked; returns what is to be sent back."""
        return self._actions[command](*arguments)

    @property
    def objects(self) -> list[list[Any]]:
        """The columns of observations that have no fixed size."""
        leaves = self._columns.observs.leaves()
        return [leaf for leaf in leaves if isinstance(leaf, list)]

    def close(self) -> None:
        """Close the environments, all of them also if one of them fails."""
        self.closed = True
        error: BaseException | None = None
        for env in self._envs:
            try:
                env.close()
            except BaseException as problem:
                error = error or problem
        if error is not None:
            raise error

    def _build(
        self, constructors: bytes, registrations: bytes | None, argv: list[str]
    ) -> dict[str, Any]:
        try:
            sys.argv = argv
            if registrations is not None:
                unpack_registrations(registrations)
            for constructor in cloudpickle.loads(constructors):
                self._add(constructor())
        except BaseException:
            self._discard()
            raise
        # What has been loaded by now stays; the collector need not look at it again.
        gc.freeze()
        collapse_heap()
        env = self._envs[0]
        return {
            "observation_space": env.observation_space,
            "action_space": env.action_space,
            "metadata": env.metadata,
            "render_mode": env.render_mode,
        }

    def _add(self, env: Any) -> None:
        if not isinstance(env, gym.Env):
            raise TypeError(
                f"constructor: expected it to return a gymnasium.Env, got {env!r}. "
                "Environments of the older gym package need wrappers.FromGym."
            )
        if any(env is other for other in self._envs):
            raise InvalidArgumentError(
                "constructors: expected each to return an environment of its own, got "
                "one twice."
            )
        self._envs.append(env)
        for kind in ("observation_space", "action_space"):
            space, expected = getattr(env, kind), getattr(self._envs[0], kind)
            if space != expected:
                raise InvalidSpaceError(
                    f"{kind} of the environments of a worker: expected {expected} as "
                    f"in the first one, got {space}."
                )

    def _move_in(self, workers: int, index: int, rows: int, first: int) -> None:
        """Take a place in shared memory; see `Fleet`."""
        env, count = self._envs[0], len(self._envs)
        spaces = env.observation_space, env.action_space
        block = SharedBlock(self._take_descriptor())
        memory = map_fleet(block, *spaces, workers, rows)
        block.close()
        rest = memoryview(memory)[size_of_signals(workers) :]
        self._use(columns_in(rest, *spaces, rows, first=first, count=count))
        if IS_RELIABLE:
            self.signals = Signals(memory, workers), index

    def _use(self, columns: Columns) -> None:
        env, count = self._envs[0], len(self._envs)
        self._columns = columns
        self._group = EnvGroup(
            self._envs, columns, first=self._first, caught=BaseException
        )
        self._action_space = env.action_space
        self._split = splitter(env.action_space, count)
        self.step = self._carry_out_announced
        if count == 1:
            self.step = solo_step(env, columns, self._group, self.step)

    def _discard(self) -> None:
        """A worker that has not all of its environments has nothing to serve."""
        # The reason why they are discarded is what has to be told.
        with contextlib.suppress(BaseException):
            self.close()

    def _place(self, first: int) -> None:
        self._first = first
        if self._group is not None:
            self._group.place(first)

    def _step_rows(
        self, actions: list[Any] | None = None, same_step: bool = False
    ) -> Report:
        columns = self._columns
        if actions is None:
            assert columns.actions is not None
            # Copies: an environment may keep its action, and the next one comes here.
            leaves = (np.array(leaf) for leaf in columns.actions.leaves())
            batch = assemble(self._action_space, leaves)
            actions = self._split(batch)
        # Bytes are searched faster than an array is reduced.
        has_resets = b"\1" in columns.resets.tobytes()
        resets = columns.resets.tolist() if has_resets else None
        assert self._group is not None
        return self._group.step(actions, resets, same_step=same_step)

    def _reset_rows(self, *arguments: Any) -> Report:
        assert self._group is not None, "it has no place yet"
        return self._group.reset(*arguments)

    def _carry_out_announced(self, flags: int) -> bytes:
        rows: Sequence[int] = range(len(self._envs))
        try:
            if flags & RESET_ONLY:
                rows = self._columns.resets.nonzero()[0].tolist()
                report = self._reset_rows(rows, [None] * len(rows), None)
            else:
                report = self._step_rows(None, bool(flags & SAME_STEP))
        except BaseException as error:  # Not an environment's: those are reported.
            report = Report(failures=dict.fromkeys(rows, error))
        return pack_report(report, [])

    def _step(self, slot: int, action: Any, in_row: bool = False) -> Any:
        return self._in_row(self._envs[slot].step(action), in_row)

    def _reset(
        self, slot: int, seed: int | None, options: Any, in_row: bool = False
    ) -> Any:
        return self._in_row(self._envs[slot].reset(seed=seed, options=options), in_row)

    def _in_row(self, result: Any, wanted: bool) -> Any:
        """Put the observation where the parent can see it, if it is as it should be."""
        is_as_usual = wanted and type(result) is tuple and len(result) > 0
        if is_as_usual and self._columns.observs.write_all(result[:1]):
            return InRow(result[1:])
        return result

    def _call(
        self, slot: int, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        value = self._envs[slot].get_wrapper_attr(name)
        return value(*args, **kwargs) if callable(value) else value

    def _get(self, slot: int, name: str) -> tuple[bool, Any]:
        """The tuple `(is_callable, value)`; methods stay here, and are called here."""
        value = self._envs[slot].get_wrapper_attr(name)
        return (True, None) if callable(value) else (False, value)

    def _set(self, slot: int, name: str, value: Any, force: bool) -> bool:
        return self._envs[slot].set_wrapper_attr(name, value, force=force)
