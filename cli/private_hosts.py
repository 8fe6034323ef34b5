"""Allowing one private host by name, although site addresses come from users: kept in `.env`."""

from pathlib import Path
from urllib.parse import urlsplit

import settings
from cli.exits import CommandError, Exit

VARIABLE = "IGNY8_ALLOWED_PRIVATE_HOSTS"


def allow_private_host(url: str) -> bool:
    """Let this process and every later one talk to the host of ``url``; False when it might.

    In `.env` and not in the database: an address in the database may come from a customer.

    Raises:
        CommandError: the environment itself sets the variable, or `.env` can't be written.
    """
    host = urlsplit(url).hostname or ""
    known = settings.current().allowed_private_hosts
    if host in known:
        return False
    path = Path(str(settings.Settings.model_config["env_file"]))
    try:
        _write(path, sorted(known | {host}))
    except OSError as error:
        raise CommandError(f"{path} can't be written: {error.strerror}") from None
    settings.current.cache_clear()
    if host not in settings.current().allowed_private_hosts:
        raise CommandError(
            f"{VARIABLE} is set in the environment: add {host} to it there", Exit.BAD_INPUT
        )
    return True


def _write(path: Path, hosts: list[str]) -> None:
    if not path.exists():
        path.touch(mode=0o600)  # keys may follow
    others = [
        line
        for line in path.read_text().splitlines()
        if line.removeprefix("export ").partition("=")[0].strip() != VARIABLE
    ]
    path.write_text("\n".join([*others, f"{VARIABLE}={','.join(hosts)}", ""]))
