"""Makes the means of other tests importable: pytest knows the folders of what it runs alone."""

import sys
from pathlib import Path

for room in ("ingress", "cli", "tasks", "workers"):
    sys.path.append(str(Path(__file__).parents[1] / room))
