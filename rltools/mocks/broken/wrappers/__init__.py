"""Wrappers with one mistake each, for environments of vectors with vector actions.

Every class says in `trips` which checks of `check_wrapper` find it; no others do.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rltools.mocks.broken.wrappers.attributes import HasEverything as HasEverything
    from rltools.mocks.broken.wrappers.attributes import (
        HidesGenerator as HidesGenerator,
    )
    from rltools.mocks.broken.wrappers.attributes import (
        HidesUnwrapped as HidesUnwrapped,
    )
    from rltools.mocks.broken.wrappers.attributes import (
        KeepsAttributes as KeepsAttributes,
    )
    from rltools.mocks.broken.wrappers.attributes import SkipsLayers as SkipsLayers
    from rltools.mocks.broken.wrappers.determinism import ClipsInPlace as ClipsInPlace
    from rltools.mocks.broken.wrappers.determinism import DrawsGlobally as DrawsGlobally
    from rltools.mocks.broken.wrappers.determinism import DrawsToRender as DrawsToRender
    from rltools.mocks.broken.wrappers.determinism import DrawsUnseeded as DrawsUnseeded
    from rltools.mocks.broken.wrappers.determinism import KeepsAction as KeepsAction
    from rltools.mocks.broken.wrappers.determinism import RemembersTime as RemembersTime
    from rltools.mocks.broken.wrappers.determinism import ReusesArray as ReusesArray
    from rltools.mocks.broken.wrappers.determinism import SharesCount as SharesCount
    from rltools.mocks.broken.wrappers.ends import LeavesLastAlone as LeavesLastAlone
    from rltools.mocks.broken.wrappers.ends import (
        LeavesTruncatedAlone as LeavesTruncatedAlone,
    )
    from rltools.mocks.broken.wrappers.ends import LosesLast as LosesLast
    from rltools.mocks.broken.wrappers.ends import SkipsTheEnd as SkipsTheEnd
    from rltools.mocks.broken.wrappers.life import ClosesOnce as ClosesOnce
    from rltools.mocks.broken.wrappers.life import LosesFrame as LosesFrame
    from rltools.mocks.broken.wrappers.life import RendersNothing as RendersNothing
    from rltools.mocks.broken.wrappers.life import StaysOpen as StaysOpen
    from rltools.mocks.broken.wrappers.reset import DropsOptions as DropsOptions
    from rltools.mocks.broken.wrappers.reset import DropsSeed as DropsSeed
    from rltools.mocks.broken.wrappers.reset import DropsSeedZero as DropsSeedZero
    from rltools.mocks.broken.wrappers.reset import RepeatsSeed as RepeatsSeed
    from rltools.mocks.broken.wrappers.reset import TakesNoSeed as TakesNoSeed
    from rltools.mocks.broken.wrappers.values import (
        ChangesInnerSpace as ChangesInnerSpace,
    )
    from rltools.mocks.broken.wrappers.values import (
        RoundsAtTheBounds as RoundsAtTheBounds,
    )
    from rltools.mocks.broken.wrappers.values import ScalesSpaceOnly as ScalesSpaceOnly
    from rltools.mocks.broken.wrappers.values import (
        ScalesValuesOnly as ScalesValuesOnly,
    )
    from rltools.mocks.broken.wrappers.values import (
        WidensActionsOnly as WidensActionsOnly,
    )

_EXPORTS = {
    "ChangesInnerSpace": "rltools.mocks.broken.wrappers.values",
    "ClipsInPlace": "rltools.mocks.broken.wrappers.determinism",
    "ClosesOnce": "rltools.mocks.broken.wrappers.life",
    "DrawsGlobally": "rltools.mocks.broken.wrappers.determinism",
    "DrawsToRender": "rltools.mocks.broken.wrappers.determinism",
    "DrawsUnseeded": "rltools.mocks.broken.wrappers.determinism",
    "DropsOptions": "rltools.mocks.broken.wrappers.reset",
    "DropsSeed": "rltools.mocks.broken.wrappers.reset",
    "DropsSeedZero": "rltools.mocks.broken.wrappers.reset",
    "HasEverything": "rltools.mocks.broken.wrappers.attributes",
    "HidesGenerator": "rltools.mocks.broken.wrappers.attributes",
    "HidesUnwrapped": "rltools.mocks.broken.wrappers.attributes",
    "KeepsAction": "rltools.mocks.broken.wrappers.determinism",
    "KeepsAttributes": "rltools.mocks.broken.wrappers.attributes",
    "LeavesLastAlone": "rltools.mocks.broken.wrappers.ends",
    "LeavesTruncatedAlone": "rltools.mocks.broken.wrappers.ends",
    "LosesFrame": "rltools.mocks.broken.wrappers.life",
    "LosesLast": "rltools.mocks.broken.wrappers.ends",
    "RemembersTime": "rltools.mocks.broken.wrappers.determinism",
    "RendersNothing": "rltools.mocks.broken.wrappers.life",
    "RepeatsSeed": "rltools.mocks.broken.wrappers.reset",
    "ReusesArray": "rltools.mocks.broken.wrappers.determinism",
    "RoundsAtTheBounds": "rltools.mocks.broken.wrappers.values",
    "ScalesSpaceOnly": "rltools.mocks.broken.wrappers.values",
    "ScalesValuesOnly": "rltools.mocks.broken.wrappers.values",
    "SharesCount": "rltools.mocks.broken.wrappers.determinism",
    "SkipsLayers": "rltools.mocks.broken.wrappers.attributes",
    "SkipsTheEnd": "rltools.mocks.broken.wrappers.ends",
    "StaysOpen": "rltools.mocks.broken.wrappers.life",
    "TakesNoSeed": "rltools.mocks.broken.wrappers.reset",
    "WidensActionsOnly": "rltools.mocks.broken.wrappers.values",
}
__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    raise AttributeError(
        f"module 'rltools.mocks.broken.wrappers' has no attribute {name!r}"
    )


def __dir__() -> list[str]:
    return [*globals(), *__all__]
