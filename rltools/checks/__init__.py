"""Checks of environments, wrappers, batches and algorithms, for any test or script."""

from typing import TYPE_CHECKING

from rltools.lazy_exports import lazy_exports

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
__getattr__, __dir__, __all__ = lazy_exports(__name__, _EXPORTS)
