"""Optional dependencies: imported when first needed, named when they are missing."""

import importlib
from types import ModuleType

from rltools.errors import MissingExtraError


def require(module: str, *, extra: str) -> ModuleType:
    """Import an optional dependency.

    Args:
        module: Name of the module to import, such as `"tensorflow"`.
        extra: The extra of this package that installs it, such as `"tensorflow"`.

    Returns:
        The imported module.

    Raises:
        MissingExtraError: The module is not installed. A module that is installed but
            fails to import raises its own error.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != module.split(".")[0]:
            raise
        raise MissingExtraError(module, extra) from error
