"""Says in words how a process ended."""

import signal

from rltools.process import out_of_memory


def explain_exit(code: int | None) -> str:
    """Put an exit code, as in `subprocess`, into words.

    >>> explain_exit(3)
    'exited with code 3'
    >>> explain_exit(-9)
    'was ended by SIGKILL (signal 9)'
    """
    if code is None:
        return "ended"
    if code >= 0:
        return f"exited with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:  # A real-time signal.
        return f"was ended by signal {-code}"
    return f"was ended by {name} (signal {-code})"


def explain_end(code: int | None, oom_kills: int) -> str:
    """As `explain_exit`, and whether it was for lack of memory.

    Args:
        code: The exit code.
        oom_kills: What `out_of_memory.count_kills` returned while the process lived.
    """
    cause = explain_exit(code)
    if out_of_memory.explains(code, oom_kills):
        cause += ", out of memory by all appearances,"
    return cause
