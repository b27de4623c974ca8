"""Makes `python -m rltools` the same as the console script."""

import sys

from rltools.cli import main

if __name__ == "__main__":
    sys.exit(main())
