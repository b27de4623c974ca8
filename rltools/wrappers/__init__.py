"""Environment wrappers, one class per file; all of them are Gymnasium environments."""

from typing import TYPE_CHECKING

from rltools.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from rltools.wrappers.action_repeat import ActionRepeat as ActionRepeat
    from rltools.wrappers.auto_reset import AutoReset as AutoReset
    from rltools.wrappers.cache_spaces import CacheSpaces as CacheSpaces
    from rltools.wrappers.clip_action import ClipAction as ClipAction
    from rltools.wrappers.convert_to_32_bit import ConvertTo32Bit as ConvertTo32Bit
    from rltools.wrappers.external_process import ExternalProcess as ExternalProcess
    from rltools.wrappers.frame_delta import FrameDelta as FrameDelta
    from rltools.wrappers.frame_history import FrameHistory as FrameHistory
    from rltools.wrappers.from_gym import FromGym as FromGym
    from rltools.wrappers.limit_duration import LimitDuration as LimitDuration
    from rltools.wrappers.random_start import RandomStart as RandomStart
    from rltools.wrappers.range_normalize import RangeNormalize as RangeNormalize
    from rltools.wrappers.ray_actor import RayActor as RayActor
    from rltools.wrappers.sb3_vec_env import to_sb3 as to_sb3
    from rltools.wrappers.select_info import SelectInfo as SelectInfo

_EXPORTS = {
    "ActionRepeat": "rltools.wrappers.action_repeat",
    "AutoReset": "rltools.wrappers.auto_reset",
    "CacheSpaces": "rltools.wrappers.cache_spaces",
    "ClipAction": "rltools.wrappers.clip_action",
    "ConvertTo32Bit": "rltools.wrappers.convert_to_32_bit",
    "ExternalProcess": "rltools.wrappers.external_process",
    "FrameDelta": "rltools.wrappers.frame_delta",
    "FrameHistory": "rltools.wrappers.frame_history",
    "FromGym": "rltools.wrappers.from_gym",
    "LimitDuration": "rltools.wrappers.limit_duration",
    "RandomStart": "rltools.wrappers.random_start",
    "RangeNormalize": "rltools.wrappers.range_normalize",
    "RayActor": "rltools.wrappers.ray_actor",
    "SelectInfo": "rltools.wrappers.select_info",
    "to_sb3": "rltools.wrappers.sb3_vec_env",
}
__getattr__, __dir__, __all__ = lazy_exports(__name__, _EXPORTS)
