"""The strategies need an extra, and say so; the package itself does not need it."""

import subprocess
import sys

WITHOUT_HYPOTHESIS = """
import sys
import importlib.abc

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] == "hypothesis":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
import rltools
from rltools.errors import MissingExtraError

try:
    rltools.strategies
except MissingExtraError as error:
    print(error)
"""
LAZY = """
import sys
import rltools
assert "hypothesis" not in sys.modules
from rltools.strategies import elements, spaces
assert "hypothesis" in sys.modules
print(*{"tensorflow", "gym", "ray"} & set(sys.modules))
"""


def run(program):
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()


def test_a_missing_extra_is_named():
    assert 'pip install "rltools[testing]"' in run(WITHOUT_HYPOTHESIS)


def test_strategies_are_loaded_when_used_and_without_other_extras():
    assert run(LAZY) == ""
