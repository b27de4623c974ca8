"""Functions on nested structures of lists, tuples, namedtuples and mappings.

Everything that is not one of those is a leaf: numbers, strings, `None`, sets, arrays,
tensors, spaces other than `gymnasium.spaces.Dict`. The container types are kept,
whether built in or derived (`OrderedDict`, `AttrDict`, a namedtuple of yours).

Several structures match if they have the same shape: at each place all have a leaf,
or all have sequences (of any type) of one length, or all have mappings (of any type)
with one set of keys, in any order. Two namedtuples must have the same fields too. The
result has the types and the order of keys of the first structure. A mismatch is a
`StructureError` that names the path of the difference.

Wherever leaves are put in a flat order, mappings count in the order of their sorted
keys, so that structures that are equal give equal flat tuples, however they were made.
"""

from rltools.nested.filtering import filter_ as filter
from rltools.nested.flattening import flatten, unflatten
from rltools.nested.mapping import map_ as map
from rltools.nested.mapping import zip_ as zip

__all__ = ["filter", "flatten", "map", "unflatten", "zip"]
