"""`python -m cli`: what bin/igny8 runs."""

import sys

from cli.exits import Exit
from cli.main import app

try:
    app(prog_name="igny8")
except KeyboardInterrupt:  # a second one, while the first was being answered
    sys.exit(Exit.INTERRUPTED)
