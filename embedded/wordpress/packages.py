"""Puts the Debian packages a private WordPress needs on this machine: PHP and MariaDB."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The "-core" packages bring MariaDB's programs without a daemon, a user or a file in /etc/mysql.
MARIADB = ("mariadb-server-core", "mariadb-client-core")
PHP_PARTS = ("cli", "mysql", "gd", "curl", "mbstring", "xml", "zip", "intl")
TEST_TOOLS = frozenset({"phpunit", "php-codesniffer", "gettext"})
PHP_OF_DEBIAN = {"12": "php8.2", "13": "php8.4"}


class CannotInstall(Exception):
    """The packages are missing and can't be had here; the message says why, for a person."""


def ensure(*, sqlite: bool = False, tests: bool = False) -> None:
    """Install what is missing; a machine that has it all is left alone, in milliseconds.

    `sqlite` adds what a site on SQLite needs, `tests` what the plugin's own tests do.

    Raises:
        CannotInstall: not Debian, not root, or apt failed.
    """
    wanted = _wanted(sqlite=sqlite) | (TEST_TOOLS if tests else frozenset())
    missing = wanted - _installed(wanted)
    if not missing:
        return
    names = " ".join(sorted(missing))
    if os.geteuid() != 0:
        raise CannotInstall(f"these Debian packages are missing and only root may install: {names}")
    with apt_alone():
        _apt("update", "-qq")
        # Under --no-install-recommends the recommended web server of php8.2 stays away.
        _apt("install", "-qq", "-y", "--no-install-recommends", *sorted(missing))


@contextmanager
def apt_alone() -> Iterator[None]:
    """Hold up other processes of ours: an update fails where another one runs, and waits not."""
    with (Path(tempfile.gettempdir()) / "igny8-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _wanted(*, sqlite: bool) -> frozenset[str]:
    if not Path("/etc/debian_version").exists() or shutil.which("apt-get") is None:
        raise CannotInstall("a real WordPress comes from Debian's packages, and this isn't Debian")
    php = PHP_OF_DEBIAN.get(_release(), "php")
    parts = (*PHP_PARTS, "sqlite3") if sqlite else PHP_PARTS
    return frozenset(MARIADB) | {f"{php}-{part}" for part in parts}


def _release() -> str:
    for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        if name == "VERSION_ID":
            return value.strip('"')
    return ""


def _installed(names: frozenset[str]) -> set[str]:
    query = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *sorted(names)],
        capture_output=True,
        text=True,
        check=False,  # a name dpkg has never heard of is an exit status of 1
    )
    lines = (line.split() for line in query.stdout.splitlines())
    return {line[0] for line in lines if line[1:] == ["installed"]}


def _apt(*arguments: str) -> None:
    # A machine that has just booted often runs its own apt: wait for its lock, don't fail.
    done = subprocess.run(
        ["apt-get", "-o", "DPkg::Lock::Timeout=120", *arguments],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:])
        raise CannotInstall(f"apt-get {arguments[0]} failed: {last}")
