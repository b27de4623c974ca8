"""What a block of code leaves behind: processes, descriptors, shared memory, threads.

Works without pytest; its fixture `no_leaks` stands on this.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rltools.leaks.belonging import Belonging as Belonging
    from rltools.leaks.check import LeakCheck as LeakCheck
    from rltools.leaks.check import no_leaks as no_leaks

_EXPORTS = {
    "Belonging": "rltools.leaks.belonging",
    "LeakCheck": "rltools.leaks.check",
    "no_leaks": "rltools.leaks.check",
}
__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module 'rltools.leaks' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
