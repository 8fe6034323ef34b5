"""A MariaDB of a site's own: one folder, one Unix socket, no port."""

import contextlib
import os
import shutil
import socket
import subprocess
from pathlib import Path

from embedded.wordpress.processes import Account, CannotStart, Daemon, program

# sun_path of a Unix socket holds 108 bytes with its closing zero (unix(7)).
LONGEST_SOCKET = 107


class MariaDB:
    """The database server under `root`; its data in root/db, its socket in root/run."""

    def __init__(self, root: Path, account: Account) -> None:
        self.data = root / "db"
        self.socket = root / "run" / "db.sock"
        self.account = account
        self.daemon = Daemon(
            root / "run", "mariadbd", program("mariadbd"), f"--datadir={self.data}", account
        )

    @property
    def address(self) -> str:
        """What WordPress calls DB_HOST."""
        return f"localhost:{self.socket}"

    @property
    def _own_tmpdir(self) -> str:
        # A server that starts deletes every temporary table in its tmpdir: in /tmp also those of
        # the servers that start beside it, which then end with "Error on delete" (errno 2).
        return f"--tmpdir={self.socket.parent / 'tmp'}"

    def create(self, password: str) -> None:
        """Make the data folder, start the server, and give WordPress a database `wp`.

        Raises:
            CannotStart: the account may not reach the folder, or the server didn't start.
        """
        if len(os.fsencode(self.socket)) > LONGEST_SOCKET:
            raise CannotStart(f"{self.socket} is too long a path for a Unix socket")
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        self.account.own(self.data)
        done = subprocess.run(
            [
                program("mariadb-install-db"),
                "--no-defaults",
                f"--user={self.account.name}",
                f"--datadir={self.data}",
                self._own_tmpdir,
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CannotStart(f"mariadb-install-db failed: {(done.stdout + done.stderr)[-800:]}")
        self.start()
        self._run(
            "CREATE DATABASE wp CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;"
            f"CREATE USER wp@localhost IDENTIFIED BY '{password}';"
            "GRANT ALL ON wp.* TO wp@localhost;"
        )

    def start(self) -> None:
        """Have it running; one that already is stays."""
        if self.daemon.pids():
            if self._answers():
                return
            self.daemon.stop()
        self.daemon.start(
            [
                self.daemon.program,
                "--no-defaults",
                f"--datadir={self.data}",
                self._own_tmpdir,
                f"--socket={self.socket}",
                f"--pid-file={self.socket.with_name('mariadbd.own-pid')}",
                "--skip-networking",
                "--skip-name-resolve",
                "--skip-log-bin",
                "--performance-schema=OFF",
                "--innodb-buffer-pool-size=64M",
                "--innodb-log-file-size=32M",
                # A lost second after a power cut is nothing to a throw-away site.
                "--innodb-flush-log-at-trx-commit=0",
                "--character-set-server=utf8mb4",
                "--collation-server=utf8mb4_unicode_520_ci",
                "--max-connections=200",
            ],
            self._answers,
        )

    def stop(self) -> None:
        self.daemon.stop()

    @property
    def running(self) -> bool:
        return bool(self.daemon.pids())

    def sql(self, text: str) -> str:
        """Run statements on WordPress's tables; rows as lines of tab-separated values.

        Raises:
            ValueError: the server refused a statement; the message is its own.
        """
        return self._run(text, "wp")

    def _run(self, text: str, *database: str) -> str:
        done = subprocess.run(
            [
                program("mariadb"),
                "--no-defaults",
                "--batch",
                "--skip-column-names",
                "--default-character-set=utf8mb4",
                "-uroot",
                f"--socket={self.socket}",
                *database,
            ],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ValueError(done.stderr.strip())
        return done.stdout

    def keep(self, name: str) -> None:
        """Remember the tables of `wp` as they are now, under a name."""
        steps = [f"DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name};"]
        for table in self._tables("wp"):
            steps.append(f"CREATE TABLE {name}.{table} LIKE wp.{table};")
            steps.append(f"INSERT INTO {name}.{table} SELECT * FROM wp.{table};")  # noqa: S608
        self._run("".join(steps))

    def put_back(self, name: str) -> None:
        """Make `wp` what it was at `keep(name)`, next numbers of rows included.

        TRUNCATE is used, not DROP, so that a web worker's open connection goes on working.
        """
        kept = self._tables(name)
        added = [table for table in self._tables("wp") if table not in kept]
        steps = [f"DROP TABLE wp.{table};" for table in added]
        for table in kept:
            steps.append(f"CREATE TABLE IF NOT EXISTS wp.{table} LIKE {name}.{table};")
            steps.append(f"TRUNCATE TABLE wp.{table};")
            steps.append(f"INSERT INTO wp.{table} SELECT * FROM {name}.{table};")  # noqa: S608
        self._run("SET foreign_key_checks=0;" + "".join(steps))

    def _tables(self, database: str) -> list[str]:
        return self._run(
            "SELECT table_name FROM information_schema.tables "  # noqa: S608 - our own names
            f"WHERE table_schema='{database}' ORDER BY table_name"
        ).split()

    def _answers(self) -> bool:
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
            return client.connect_ex(str(self.socket)) == 0
