"""What a new process inherits from the one that starts it, beside what it is given."""

import errno
import os
from collections.abc import Hashable, Mapping
from pathlib import Path

_SELF = Path("/proc/thread-self")
_STATUS = _SELF / "status"
_FILES = (_SELF / "limits", _SELF / "cgroup", _SELF / "oom_score_adj")
# Of the status: who it is, what it may do and which signals it does not hear.
_FIELDS = (
    *("Umask", "Uid", "Gid", "Groups", "SigBlk", "SigIgn"),
    *("NoNewPrivs", "Seccomp", "Seccomp_filters"),
    *("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"),
    *("Cpus_allowed", "Mems_allowed"),
)
_NAMESPACES = _SELF / "ns"
# Variables that are read once, when an interpreter or a library starts.
_PREFIXES = (
    *("PYTHON", "COVERAGE", "LD_", "GLIBC_", "MALLOC_", "LANG", "LC_", "TZ"),
    *("OMP_", "GOMP_", "KMP_", "OPENBLAS_", "GOTO_", "MKL_", "BLIS_", "NUMEXPR_"),
    *("NPY_", "NUMPY_", "VECLIB_"),
)


def inheritance(environment: Mapping[str, str]) -> Hashable:
    """What two processes have in common if they start the same under equal values.

    Args:
        environment: The environment variables that the new process is to have.

    Raises:
        OSError: It is not known here, or process ids would mean something else there.
    """
    if os.readlink(_NAMESPACES / "pid") != os.readlink(
        _NAMESPACES / "pid_for_children"
    ):
        raise OSError(errno.ENOSYS, "children have process ids of their own")
    root = os.stat("/")
    status = dict(
        line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line
    )
    return (
        tuple(status.get(field) for field in _FIELDS),
        tuple(file.read_text() for file in _FILES),
        tuple(sorted(os.readlink(entry) for entry in _NAMESPACES.iterdir())),
        (os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0), os.getsid(0)),
        (root.st_dev, root.st_ino),
        tuple(
            sorted(
                (name, value)
                for name, value in environment.items()
                if name.startswith(_PREFIXES)
            )
        ),
    )
