"""Import TensorFlow with the settings of this program and without its greetings."""

import os
import sys
import tempfile
from types import ModuleType

from rltools.extras import require


def import_tensorflow() -> ModuleType:
    """Import TensorFlow, and show what it writes meanwhile only if that fails.

    It reports on the processor and missing graphics cards before any setting that
    turns such lines off is read.

    Returns:
        The module.

    Raises:
        MissingExtraError: It is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Operations of a rollout follow one another: handing them from thread to thread
    # takes longer than most of them. A single one is still spread over all cores.
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    sys.stderr.flush()
    visible = os.dup(2)
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            return require("tensorflow", extra="ppo")
        except BaseException:
            hidden.seek(0)
            os.write(visible, hidden.read())
            raise
        finally:
            os.dup2(visible, 2)
            os.close(visible)
