"""Files of the figures of contests, and the machine they were measured on."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.contest import Contest


def write_contests(
    path: Path, machine: dict[str, Any], contests: Sequence[Contest]
) -> None:
    """Write all figures; whoever reads the file meanwhile finds it complete."""
    values = {"machine": machine, "contests": [one.to_json() for one in contests]}
    aside = path.with_name(path.name + ".new")
    aside.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    os.replace(aside, path)


def read_contests(path: Path) -> tuple[dict[str, Any], list[Contest]]:
    """Read what `write_contests` wrote."""
    values = json.loads(path.read_text(encoding="utf-8"))
    return values["machine"], [Contest.from_json(one) for one in values["contests"]]
