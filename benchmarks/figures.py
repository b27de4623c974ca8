"""Files of figures: every measurement, and the machine it was made on."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rltools.bench.comparison import Comparison


def write_figures(
    path: Path, machine: dict[str, Any], comparisons: Sequence[Comparison]
) -> None:
    values = [comparison.to_json() for comparison in comparisons]
    text = json.dumps({"machine": machine, "comparisons": values}, indent=1)
    aside = path.with_name(path.name + ".new")
    aside.write_text(text + "\n", encoding="utf-8")
    os.replace(aside, path)


def read_figures(path: Path) -> tuple[dict[str, Any], list[Comparison]]:
    values = json.loads(path.read_text(encoding="utf-8"))
    comparisons = [Comparison.from_json(each) for each in values["comparisons"]]
    return values["machine"], comparisons


def format_machine(machine: dict[str, Any]) -> str:
    packages = machine["packages"].items()
    installed = ", ".join(f"{name} {version}" for name, version in packages if version)
    return (
        f"{machine['cores']} cores of {machine['processor']}, load {machine['load']}, "
        f"Python {machine['python']}, {installed}"
    )
