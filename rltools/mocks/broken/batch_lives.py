"""Batches that are careless with environments, their errors and attributes."""

import contextlib
from typing import Any

from rltools.errors import InvalidArgumentError
from rltools.mocks.broken.sound_batch import SoundBatch


class SharesEnvironments(SoundBatch):
    """Accepts constructors that return the same environment."""

    trips = frozenset({"V7"})

    def check_members(self) -> None:
        """Check spaces only."""
        with contextlib.suppress(InvalidArgumentError):
            super().check_members()


class MixesSpaces(SoundBatch):
    """Trusts that all environments are like the first one."""

    trips = frozenset({"V12"})

    def check_members(self) -> None:
        """Check that they are distinct, with spaces out of sight."""
        if len({id(env) for env in self.envs}) < self.num_envs:
            super().check_members()


class WorksWhenClosed(SoundBatch):
    """Steps environments that have been closed."""

    trips = frozenset({"V10"})

    def check_usable(self) -> None:
        """Look at calls under way only."""
        if not self.closed:
            super().check_usable()


class OverwritesPendingStep(SoundBatch):
    """Forgets a step under way where another one is asked for."""

    trips = frozenset({"V10"})

    def check_usable(self) -> None:
        """Forget what is pending."""
        self.pending = None
        super().check_usable()


class LeavesEnvironmentsOpen(SoundBatch):
    """Closes its first environment only."""

    trips = frozenset({"V10"})

    def close_extras(self, **kwargs: Any) -> None:
        """Close the first one."""
        self.envs[0].close()


class HidesErrors(SoundBatch):
    """Says that something went wrong, but not what."""

    trips = frozenset({"V11"})

    def step_one(self, *arguments: Any) -> tuple[float, bool, bool]:
        """Raise another error, without a cause."""
        try:
            return super().step_one(*arguments)
        except Exception:
            failed = True
        raise RuntimeError(f"An environment failed: {failed}.")


class LosesTracebacks(SoundBatch):
    """Raises the error of an environment, but not from where it came."""

    trips = frozenset({"V11"})

    def step_one(self, *arguments: Any) -> tuple[float, bool, bool]:
        """Raise the same without its traceback."""
        try:
            return super().step_one(*arguments)
        except Exception as error:
            caught = error.with_traceback(None)
        raise caught


class ReversesAttributes(SoundBatch):
    """Gets the attributes of its environments from last to first."""

    trips = frozenset({"V14"})

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Reverse them."""
        return super().get_attr(name)[::-1]


class SetsListsWhole(SoundBatch):
    """Sets the whole list of values in every environment."""

    trips = frozenset({"V14"})

    def set_attr(self, name: str, values: Any) -> None:
        """Give each environment the list."""
        for env in self.envs:
            env.set_wrapper_attr(name, values)


class SetsOnWrappers(SoundBatch):
    """Sets attributes on the outermost wrapper, where environments don't see them."""

    trips = frozenset({"V14"})

    def set_attr(self, name: str, values: Any) -> None:
        """Set it on what was made."""
        if not isinstance(values, list):
            values = [values] * self.num_envs
        for env, value in zip(self.envs, values, strict=True):
            setattr(env, name, value)


BATCHES: tuple[type[SoundBatch], ...] = (
    SharesEnvironments,
    MixesSpaces,
    WorksWhenClosed,
    OverwritesPendingStep,
    LeavesEnvironmentsOpen,
    HidesErrors,
    LosesTracebacks,
    ReversesAttributes,
    SetsListsWhole,
    SetsOnWrappers,
)
