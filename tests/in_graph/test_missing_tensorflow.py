import subprocess
import sys

PROGRAM = """
import sys
sys.modules["tensorflow"] = None
import rltools
for name in ("in_graph", "simulate", "InGraphBatchEnv", "StreamingMean"):
    try:
        getattr(rltools, name)
    except rltools.errors.MissingExtraError as error:
        print(error)
"""


def test_a_missing_tensorflow_is_named_with_its_extra():
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60
    )
    assert result.stderr == ""
    assert result.stdout.count('pip install "rltools[tensorflow]"') == 4
