"""Checks of environments, wrappers, batches and algorithms, for any test or script."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rltools.checks.algorithm import check_algorithm as check_algorithm
    from rltools.checks.batch_environment import check_batch_env as check_batch_env
    from rltools.checks.difference import differences as differences
    from rltools.checks.environment import check_env as check_env
    from rltools.checks.report import Report as Report
    from rltools.checks.report import Result as Result
    from rltools.checks.wrapper import check_wrapper as check_wrapper

_EXPORTS = {
    "Report": "rltools.checks.report",
    "Result": "rltools.checks.report",
    "check_algorithm": "rltools.checks.algorithm",
    "check_batch_env": "rltools.checks.batch_environment",
    "check_env": "rltools.checks.environment",
    "check_wrapper": "rltools.checks.wrapper",
    "differences": "rltools.checks.difference",
}
__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module 'rltools.checks' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
