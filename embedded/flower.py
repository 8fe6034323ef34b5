"""Flower as every start of it runs it: on this machine alone, looking only, behind a password.

Flower itself asks for none where its environment has none, and it does not read `.env`.
"""

import os
import sys

import settings
from embedded.errors import CannotStart
from embedded.secrets import flower_credentials

FLOWER_HOST = "127.0.0.1"
"""Flower's /metrics is open even with a password: it stays on this machine."""


def main() -> None:
    """Become Flower.

    Raises:
        SystemExit: the settings can't be used, or no password can be kept.
    """
    known = settings.current_or_exit()
    try:
        login = flower_credentials(known)
    except CannotStart as error:
        raise settings.refusal([str(error)]) from None
    where = (f"--address={FLOWER_HOST}", f"--port={known.flower_port}")
    celery = (sys.executable, "-m", "celery", "-A", "tasks")
    command = (*celery, "flower", *where, "--read_only=True")
    # Not as an argument: everybody on the machine can read those.
    environment = {**os.environ, "FLOWER_BASIC_AUTH": login}
    os.execve(command[0], command, environment)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
