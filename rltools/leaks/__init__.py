"""What a block of code leaves behind: processes, descriptors, shared memory, threads.

Works without pytest; its fixture `no_leaks` stands on this.
"""

from typing import TYPE_CHECKING

from rltools.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from rltools.leaks.belonging import Belonging as Belonging
    from rltools.leaks.check import LeakCheck as LeakCheck
    from rltools.leaks.check import no_leaks as no_leaks

_EXPORTS = {
    "Belonging": "rltools.leaks.belonging",
    "LeakCheck": "rltools.leaks.check",
    "no_leaks": "rltools.leaks.check",
}
__getattr__, __dir__, __all__ = lazy_exports(__name__, _EXPORTS)
