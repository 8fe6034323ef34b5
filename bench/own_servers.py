"""Servers of one measurement alone: a script runs again as their child, told by its settings."""

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from cryptography.fernet import Fernet


def run_again(script: str, *, sqlite: bool = False, **changes: str) -> int:
    """Run ``script`` with the same words and ``--here FOLDER``; return its exit code.

    ``changes`` are settings of the child beside those of a measurement. The caller has put the
    project and its tests on the path.
    """
    from servers import Postgres, Valkey

    with ExitStack() as undo:
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory()))
        valkey = Valkey(folder).start()
        undo.callback(valkey.stop)
        if sqlite:
            database = f"sqlite:///{folder / 'bench.db'}"
        else:
            postgres = Postgres().start()
            undo.callback(postgres.stop)
            database = postgres.url(postgres.create())
        ours = {
            "IGNY8_DATA_DIR": str(folder),
            "IGNY8_SECRET_KEYS": Fernet.generate_key().decode(),
            "IGNY8_ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
            "CELERY_BROKER_URL": valkey.url(),
            "DATABASE_URL": database,
            "IGNY8_LIMIT_SITE": "0",
            "LOG_LEVEL": "INFO",  # that a worker is ready stands in its log
        }
        command = [sys.executable, script, *sys.argv[1:], "--here", str(folder)]
        env = {**os.environ, **ours, **changes}
        return subprocess.run(command, env=env, check=False).returncode
