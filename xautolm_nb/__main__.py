"""`python -m xautolm_nb`: the command line."""

import sys

from xautolm_nb.cli import main

if __name__ == "__main__":
    sys.exit(main())
