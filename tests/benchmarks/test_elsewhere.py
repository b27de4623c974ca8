import sys
import time

import pytest

from benchmarks.elsewhere import run_elsewhere
from rltools.bench.apart import Outcome

pytestmark = pytest.mark.timeout(60)
HERE = "tests.benchmarks.elsewhere_functions"


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def run(function, seconds=30, **arguments):
    return run_elsewhere(sys.executable, function, arguments, seconds=seconds)


def test_the_result_comes_back_with_the_time_of_the_start():
    before = time.monotonic()
    outcome = run("builtins:dict", a=[1, 2.5, None], b={"c": "d"})
    launched = outcome.value.pop("launched")
    assert before <= launched <= time.monotonic()
    assert outcome == Outcome({"a": [1, 2.5, None], "b": {"c": "d"}})


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (f"{HERE}:fail", "ZeroDivisionError: division by zero"),
        (f"{HERE}:die", "its process ended with exit code 3 (the last words)"),
        (f"{HERE}:return_a_set", "Object of type set is not JSON serializable"),
        ("no_such_package:measure", "No module named 'no_such_package'"),
        (f"{HERE}:no_such", "has no attribute 'no_such'"),
    ],
)
def test_failures_are_one_line(function, problem):
    outcome = run(function)
    assert outcome.value is None
    assert problem in outcome.problem
    assert "\n" not in outcome.problem


def test_an_interpreter_that_is_not_there():
    outcome = run_elsewhere("/no/such/python", "builtins:dict", {}, seconds=5)
    assert outcome == Outcome(problem="there is no /no/such/python")


def test_what_takes_too_long_is_killed():
    assert run(f"{HERE}:hang", seconds=0.5).problem == "not over within 0.5 s"


def test_a_process_that_is_left_behind_is_counted_and_killed():
    outcome = run(f"{HERE}:leave_behind")
    assert outcome.left_behind == 1
    assert not is_alive(outcome.value)
