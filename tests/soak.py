"""Runs the tests of faults again and again while all cores are busy with other work.

What holds once on a quiet machine may still depend on who comes first. The first run
has the figures of a long life (see tests/process/test_faults_of_resources.py).

    python tests/soak.py --count 20
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
# Ends by itself, too, should this program be killed.
HOG = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: sum(range(9999))"


@contextlib.contextmanager
def busy_cores(count: int) -> Iterator[None]:
    """Keep cores busy for the time of the block."""
    hogs: list[subprocess.Popen] = []
    try:
        for _ in range(count):
            hogs.append(subprocess.Popen([sys.executable, "-c", HOG]))
        yield
    finally:
        for hog in hogs:
            hog.kill()
        for hog in hogs:
            hog.wait()


def run_tests(report: Path, *, long: bool, options: list[str]) -> dict[str, str]:
    """Run the tests of faults once; returns what became of each."""
    report.unlink(missing_ok=True)
    environ = {**os.environ, **({"RLTOOLS_SOAK": "1"} if long else {})}
    command = [sys.executable, "-m", "pytest", "tests/process", "-k", "fault", "-q"]
    command += [f"--junitxml={report}", "-p", "no:cacheprovider", *options]
    result = subprocess.run(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True
    )
    if result.returncode:
        print(result.stdout, flush=True)
    if not report.exists():
        raise SystemExit(f"The tests ended with code {result.returncode}, no report.")
    outcomes = {}
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        failed = kinds & {"failure", "error"}
        outcomes[f"{case.get('classname')}::{case.get('name')}"] = (
            "failed" if failed else "skipped" if "skipped" in kinds else "passed"
        )
    return outcomes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20, help="how often; 20")
    parser.add_argument(
        "--hogs", type=int, default=os.cpu_count(), help="busy processes; one per core"
    )
    arguments, options = parser.parse_known_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended by SIGTERM."))
    totals: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    start = time.monotonic()
    with (
        busy_cores(arguments.hogs),
        tempfile.TemporaryDirectory() as folder,
    ):
        for run in range(arguments.count):
            begin = time.monotonic()
            report = Path(folder, "report.xml")
            outcomes = run_tests(report, long=run == 0, options=options)
            found = Counter(outcomes.values())
            totals += found
            failures.update(n for n, what in outcomes.items() if what == "failed")
            seconds = time.monotonic() - begin
            figures = ", ".join(f"{count} {what}" for what, count in found.items())
            print(
                f"run {run + 1} of {arguments.count}: {figures}, {seconds:.0f} s",
                flush=True,
            )
    print(
        f"{arguments.count} runs beside {arguments.hogs} busy processes: "
        f"{totals.total()} tests, {totals['failed']} failures, "
        f"{totals['skipped']} skipped, {time.monotonic() - start:.0f} s"
    )
    for name, count in failures.most_common():
        print(f"  {count} of {arguments.count}: {name}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
