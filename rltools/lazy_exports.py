"""Packages whose names are imported when they are first used (PEP 562)."""

import importlib
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any


def lazy_exports(
    package: str, exports: Mapping[str, str], submodules: Collection[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Make what a package needs to import its public names at their first use.

    Args:
        package: Name of the package, its `__name__`.
        exports: Public names, each with the module that defines it.
        submodules: Public modules and packages directly in the package.

    Returns:
        The package's `__getattr__`, `__dir__` and `__all__`.
    """

    def get(name: str) -> Any:
        if name in exports:
            return getattr(importlib.import_module(exports[name]), name)
        if name in submodules:
            return importlib.import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def list_names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *names})

    names = [*sorted(submodules), *sorted(exports)]
    return get, list_names, names
