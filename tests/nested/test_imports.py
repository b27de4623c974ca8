"""The nested functions need nothing but the standard library."""

import subprocess
import sys

PROGRAM = """
import sys
before = set(sys.modules)
from rltools import nested
nested.map(lambda x: x, {"a": [1]})
print(*sorted({name.split(".")[0] for name in set(sys.modules) - before}))
"""


def test_nested_imports_only_the_standard_library_and_this_package():
    command = [sys.executable, "-c", PROGRAM]
    result = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=60
    )
    imported = set(result.stdout.split())
    assert "rltools" in imported
    assert imported - {"rltools"} <= set(sys.stdlib_module_names)
