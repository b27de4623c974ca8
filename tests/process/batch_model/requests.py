"""What environments are asked for, and what is expected to come of it."""

import itertools
from dataclasses import dataclass, field

_orders = itertools.count()


@dataclass
class Row:
    """What is expected of one environment in one call.

    Attributes:
        value: What is observed or returned; None for an observation that nobody knows.
        error: Type of what it raises instead, or a tuple of possible ones.
        may_tell: Whether it may say that its worker was restarted, or not.
    """

    value: object = None
    reward: float = 0.0
    terminated: bool = False
    truncated: bool = False
    info: dict = field(default_factory=dict)
    error: type | tuple | None = None
    may_tell: bool = False


@dataclass(frozen=True)
class Ask:
    """What one environment is asked for: `kind` is "step", "reset" or "call"."""

    kind: str
    action: int = 0  # Of a step or call.
    of_batch: bool = False
    seed: int | None = None
    options: dict | None = None


@dataclass
class Part:
    """A request to one worker, or several that are waited for together.

    Attributes:
        asks: By environment.
        life: Of the worker, when it was asked.
        is_one: Whether one reply answers for all environments.
        rows: What comes of it, by environment, if the worker does not die first.
        waits: How many gates must have been opened before.
        died: Environments whose answer will never come.
        has_ended: Whether the life has ended.
        was_seen: Whether the answer was there before that.
        vague: Environments that are called while nobody knows whether a reset or step
            before, sent to a life that had ended, has been sent again.
    """

    asks: dict
    life: int
    is_one: bool
    order: int = field(default_factory=lambda: next(_orders))
    rows: dict = field(default_factory=dict)
    waits: dict = field(default_factory=dict)
    died: set = field(default_factory=set)
    has_ended: bool = False
    was_seen: bool = False
    vague: set = field(default_factory=set)
