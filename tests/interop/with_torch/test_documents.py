"""The code for Stable-Baselines3 in the documents runs."""

import re
import subprocess
import sys
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs" / "interop.md"
CODE = re.compile(r"^```python sb3\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_code_runs_in_order(tmp_path):
    script = tmp_path / "interop.py"
    script.write_text("\n".join(CODE.findall(DOCUMENT.read_text())))
    child = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True
    )
    assert child.returncode == 0, child.stderr
