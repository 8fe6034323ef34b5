"""The servers of a world, in forms that can be hurt: Valkey with its file, PostgreSQL, SQLite."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import psycopg
import redis
from servers import LocalProcess, Postgres, Valkey
from servers.postgres import READY
from servers.valkey import command

VOLUME = "400m"
"""PostgreSQL's own disk. A new cluster takes an eighth of it, its log at most a third."""

HELD = 1.0
"""Seconds: no live process keeps a transaction open for so long."""

TABLES = """
select table_name, coalesce(array_agg(column_name::text) filter (where data_type = 'bytea'), '{}')
from information_schema.columns where table_schema = 'public' group by table_name
"""

BALLAST = """
create temporary table ballast as select repeat('x', 900) from generate_series(1, 99999)
"""

# The machine itself stays up, so nothing needs to reach its disk. But a commit must outlive the
# server: with synchronous_commit=off, an immediate restart forgets what was just accepted.
QUICK = ["fsync=off", "full_page_writes=off", "synchronous_commit=on"]


class Broker:
    """Valkey on a port that stays. ``aof`` says whether its next life remembers this one."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self._aof = False
        started = Valkey(folder).start()
        self.process, self.url = started.process, started.url()

    def client(self, **options):
        return redis.Redis.from_url(self.url, socket_timeout=5, **options)

    @property
    def aof(self):
        return self._aof

    @aof.setter
    def aof(self, wanted):
        word = "yes" if wanted else "no"
        self._aof = wanted
        plain = command(self.folder, self.process.port)
        self.process.command = [*plain[:-1], word, "--appendfsync", "always"]
        self.process.wait_for_port()  # a row that failed may have left it on its way up
        with self.client() as client:
            client.config_set("appendfsync", "always")
            client.config_set("appendonly", word)

    @property
    def aof_folder(self):
        return self.folder / "appendonlydir"

    def contents(self):
        """Return everything it holds, as bytes: 100,000 copies of a message once."""
        readers = {
            b"list": lambda c, key: c.lrange(key, 0, -1),
            b"hash": lambda c, key: [part for pair in c.hgetall(key).items() for part in pair],
            b"zset": lambda c, key: c.zrange(key, 0, -1),
            b"set": lambda c, key: list(c.smembers(key)),
            b"string": lambda c, key: [c.get(key) or b""],
        }
        found = []
        with self.client() as client:
            for key in client.scan_iter(count=1000):
                found.append(key)
                with contextlib.suppress(redis.ResponseError):  # it was replaced meanwhile
                    found += readers.get(client.type(key), lambda *_: [])(client, key)
        return b"\n".join(dict.fromkeys(found))


class SqliteDatabase:
    """A file in the world's folder."""

    name = "sqlite"
    process = None
    logs = ()

    def __init__(self, folder):
        self.path = folder / "igny8.db"
        self.url = f"sqlite:///{self.path}"

    def contents(self):
        # By another process: to close a file of SQLite's drops the locks of this whole process,
        # and then the database breaks (sqlite.org/howtocorrupt.html, 2.2).
        files = sorted(self.path.parent.glob(f"{self.path.name}*"))
        return subprocess.run(["cat", *files], capture_output=True, check=False).stdout

    def is_locked(self):
        """Whether somebody keeps the write lock for longer than a live process ever does."""
        with contextlib.closing(sqlite3.connect(self.path, HELD, isolation_level=None)) as own:
            try:
                own.execute("begin immediate")
            except sqlite3.OperationalError:
                return True
            own.execute("rollback")
        return False

    def stop(self):
        pass


class PostgresDatabase(Postgres):
    """A server whose data has a small disk of its own where we may mount one (root)."""

    name = "postgresql"

    def __init__(self, _folder):
        super().__init__()
        self.mounted = self._mount()
        self.start()
        self.process = self._process
        self.logs = (self.folder,)
        self.database = self.create()
        self.url = super().url(self.database)

    def _mount(self):
        if not self._user:
            return False
        owner = f"size={VOLUME},mode=700,uid={self._user.pw_uid},gid={self._user.pw_gid}"
        words = ["mount", "-t", "tmpfs", "-o", owner, "tmpfs", str(self._data)]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    def start(self):
        options = ["-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        self._run("initdb", "-D", self._data, "-U", "postgres", *options)
        known = [*QUICK, "max_wal_size=96MB", "min_wal_size=32MB"]
        words = [part for each in known for part in ("-c", each)]
        where = ["-D", self._data, "-h", "", "-k", self.socket]
        self._process = LocalProcess(
            "postgres", [self._bin / "postgres", *where, *words], self.folder, user=self._user
        )
        self._process.start().wait_for_log(READY)
        return self

    def stop(self):
        if self._process:
            self._process.stop(sig=signal.SIGQUIT)
        if self.mounted:
            subprocess.run(["umount", "-l", str(self._data)], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def prove_that_it_is_full(self):
        """Write what does not fit: a row that filled nothing would be green for nothing."""
        before = self._refusals()
        with contextlib.suppress(psycopg.Error), self._admin() as admin:
            admin.execute(BALLAST)
        if self._refusals() == before:
            raise AssertionError("the database's disk was not full")

    def _refusals(self):
        return self.process.text().count("No space left on device")

    def _admin(self):
        return psycopg.connect(host=str(self.socket), user="postgres", autocommit=True)

    def fill(self):
        """Leave no byte free; return the file that holds them all."""
        ballast = self._data / "ballast"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(64 * 1024))
        with ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(512))
        return ballast

    def cut(self):
        """Terminate every client's connection."""
        query = (
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname is not null and pid <> pg_backend_pid()"
        )
        with self._admin() as admin:
            admin.execute(query)

    def is_locked(self):
        """Whether a transaction stays open for longer than a live process's ever does."""
        time.sleep(HELD)
        query = (
            "select count(*) from pg_stat_activity where backend_type = 'client backend'"
            f" and now() - xact_start >= interval '{HELD} s'"
        )
        with self._admin() as admin:
            return admin.execute(query).fetchone()[0] > 0

    def contents(self):
        """Return every row of every table, but for bytes: those are encrypted, or of pictures."""
        with psycopg.connect(
            host=str(self.socket), user="postgres", dbname=self.database, autocommit=True
        ) as admin:
            texts = [
                row[0]
                for name, bytes_of in admin.execute(TABLES).fetchall()
                for row in admin.execute(
                    f'select (to_jsonb(x) - %s::text[])::text from "{name}" x', [bytes_of]
                ).fetchall()
            ]
        return "\n".join(texts).encode()


DATABASES = {kind.name: kind for kind in (SqliteDatabase, PostgresDatabase)}


def signal_group(process, number):
    """Send a signal to a process and all it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def has_stopped(pid):
    """Whether SIGSTOP has reached every thread: one in a system call still ends that first."""
    try:
        states = [each.read_text() for each in Path(f"/proc/{pid}/task").glob("*/stat")]
    except OSError:  # a thread ended meanwhile
        return False
    return bool(states) and all(each.rpartition(")")[2].split()[0] == "T" for each in states)


def holder(port, processes):
    """Return the name of the process that a TCP connection on this machine comes from, or None.

    ``port`` is the connection's own, not the one it goes to.
    """
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if int(row[1].rpartition(":")[2], 16) == port}
    for name, process in processes.items():
        with contextlib.suppress(OSError):  # it ended meanwhile
            files = Path(f"/proc/{process.pid}/fd").iterdir()
            if sockets & {str(file.readlink()) for file in files}:
                return name
    return None
