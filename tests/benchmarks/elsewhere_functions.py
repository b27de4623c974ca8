"""What `test_elsewhere` has called in another process."""

import os
import subprocess
import time


def fail(launched):
    return 1 / 0


def die(launched):
    print("the last words", flush=True)
    os._exit(3)


def return_a_set(launched):
    return {1}


def hang(launched):
    time.sleep(600)


def leave_behind(launched):
    return subprocess.Popen(["sleep", "600"]).pid


def measure(*, launched, steps, seconds, note="", problem=None):
    if problem is not None:
        raise ValueError(problem)
    return {"steps": steps, "seconds": seconds, "note": note}
