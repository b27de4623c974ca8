"""Says in words how a process ended."""

import signal


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
