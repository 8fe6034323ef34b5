"""A world: the whole engine in real processes, any of which can be killed, frozen and held down."""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from chaos_parts import DATABASES, Broker, has_stopped, holder, signal_group
from cryptography.fernet import Fernet
from kombu import pools
from servers import LocalProcess, wait_until
from servers.processes import free_port
from sqlalchemy.exc import SQLAlchemyError

import settings
from models import Base, encryption, schema
from models import session as sessions
from tasks.app import app

ROOT = settings.ROOT

# In the proportions of production: lease > total deadline > read.
PACE = {
    "IGNY8_TICK": "0.5",
    "IGNY8_LEASE": "3",
    "IGNY8_TOTAL_TIMEOUT": "1.8",
    "IGNY8_READ_TIMEOUT": "1.2",
    "IGNY8_CONNECT_TIMEOUT": "0.5",
    "IGNY8_RETRY_FIRST_DELAY": "0.3",
    "IGNY8_RETRY_LONGEST_DELAY": "1.5",
    "IGNY8_MAX_ATTEMPTS": "8",
    "IGNY8_BREAKER_PAUSE": "0.5",
    # More batches on their way, so that a fault meets every link of the chain.
    "IGNY8_BATCH_SIZE": "5",
}
QUEUES = {
    "publish1": ["-P", "threads", "-c", "8", "-Q", "publish,webhooks,maintenance"],
    "publish2": ["-P", "threads", "-c", "8", "-Q", "publish,webhooks,maintenance"],
    "media": ["-P", "prefork", "-c", "1", "-Q", "media"],
}
PUBLISHERS = ("publish1", "publish2")
WORKERS = tuple(QUEUES)
BOUND = float(PACE["IGNY8_LEASE"]) + 2 * float(PACE["IGNY8_TICK"])
"""Seconds from the last fault's end in which all should be at an end."""

UP = {"beat": "beat: Starting"} | dict.fromkeys(WORKERS, " ready.")
"""What a process says when it is up."""

BACK_SOON = 0.2
"""Seconds between the end of a process and its next life."""


class World:
    """Runs from ``with`` to its end. What is killed comes back by itself; see `hold`."""

    def __init__(self, database="sqlite", *, root=ROOT, pace=None):
        self.root, self.pace = root, PACE | (pace or {})
        self._kind = DATABASES[database]
        self.parts, self._held, self._lock = {}, set(), threading.RLock()
        self._lives = {}
        self._told_to_end, self.ends = set(), []
        self._ended = threading.Event()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.folder = Path(tempfile.mkdtemp(prefix="igny8-chaos-", dir=_memory()))
            stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.broker = Broker(self.folder / "valkey")
            stack.callback(self.broker.process.kill)
            self.database = self._kind(self.folder)
            stack.callback(self.database.stop)
            self._enter_environment(stack)
            _make_tables()
            stack.callback(self._kill_all)
            self._start()
            threading.Thread(target=self._supervise, name="supervisor", daemon=True).start()
            stack.callback(self._ended.set)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    # --- how it comes up -------------------------------------------------------------------

    def _enter_environment(self, stack):
        """Let this process's own product code see the same settings as the workers do."""
        self.secret_key = Fernet.generate_key().decode()
        wanted = self.pace | {
            "IGNY8_DATA_DIR": str(self.folder),
            "DATABASE_URL": self.database.url,
            "CELERY_BROKER_URL": self.broker.url,
            "IGNY8_SECRET_KEYS": self.secret_key,
            "IGNY8_ALLOWED_PRIVATE_HOSTS": "127.0.0.1,localhost",
            # Where it is set, each new life of a worker compiles Celery anew: 3 s instead of 1.
            "PYTHONDONTWRITEBYTECODE": "",
        }
        stack.callback(self._forget, dict(os.environ))
        for name in [name for name in os.environ if name.startswith("IGNY8_")]:
            del os.environ[name]
        os.environ.update(wanted)
        self._forget_caches()
        app.conf.broker_url = self.broker.url

    def _forget(self, before):
        sessions.engine().dispose()
        os.environ.clear()
        os.environ.update(before)
        self._forget_caches()

    @staticmethod
    def _forget_caches():
        for cached in (settings.current, sessions.engine, encryption.key_ring, encryption._cipher):
            cached.cache_clear()
        app.amqp._producer_pool = None
        app._pool = None
        pools.reset()

    def _start(self):
        self.parts["valkey"] = self.broker.process
        if self.database.process is not None:
            self.parts["postgresql"] = self.database.process
        for name, words in QUEUES.items():
            quick = ["--without-mingle", "--without-gossip"]
            self._add(name, _celery("worker", "-n", f"{name}@chaos", *quick, *words))
        self._add("beat", _celery("beat", "-s", str(self.folder / "beat-schedule")))
        for name in WORKERS:
            self.parts[name].wait_for_log(UP[name])

    def _add(self, name, command, port=None):
        env = {"PYTHONPATH": str(self.root)}
        self.parts[name] = LocalProcess(name, command, self.folder, env=env, port=port)
        self._begin(name)

    def _begin(self, name):
        """Give a process its next life, and note where that begins in its log."""
        part = self.parts[name]
        self._told_to_end.discard(name)
        part.kill()  # what is left of its last one still writes
        self._lives[name] = part.log.stat().st_size if part.log.exists() else 0
        part.start()

    def said(self, name):
        """Return what a process has said in this life."""
        with self.parts[name].log.open("rb") as log:
            log.seek(self._lives[name])
            return log.read().decode(errors="replace")

    def web(self):
        """Start the ingress, once; return its address."""
        if "web" not in self.parts:
            port = free_port()
            words = ["--interface", "wsgi", "--no-ws", "--host", "127.0.0.1", "--port", str(port)]
            threads = ["--blocking-threads", "32", "ingress.wsgi:app"]
            command = [sys.executable, "-m", "granian", *words, *threads]
            with self._lock:
                self._add("web", command, port)
        self.parts["web"].wait_for_port()
        return f"http://127.0.0.1:{self.parts['web'].port}"

    def is_up(self, name):
        return self.parts[name].running and UP[name] in self.said(name)

    # --- what a nemesis does ---------------------------------------------------------------

    def kill(self, name, number=signal.SIGKILL):
        """Kill a process and all it started; it comes back by itself."""
        with self._lock:
            self._signal(name, number)

    def _signal(self, name, number):
        part = self.parts[name]
        if number == signal.SIGKILL:
            self._told_to_end.add(name)
        signal_group(part, number)
        if number == signal.SIGKILL:  # the signal is sent, and for a moment it still answers
            wait_until(lambda: not part.running, what=f"the end of {part.name}")

    def kill_sender(self, port):
        """Kill the publisher whose connection has this port; return whether there was one."""
        with self._lock:
            sender = holder(port, {name: self.parts[name] for name in PUBLISHERS})
            if sender is not None:
                self._signal(sender, signal.SIGKILL)
        return sender is not None

    def end(self, number, *names):
        """Send them alone a signal that they end by, and see it; they come back by themselves."""
        with self._lock:
            parts = [self.parts[name] for name in names]
            self._told_to_end.update(names)
            for part in parts:
                part.kill(number)
            wait_until(lambda: not any(part.running for part in parts), what=f"the end of {names}")

    def hold(self, name):
        """Kill it and keep it down."""
        with self._lock:
            self._held.add(name)
            self._told_to_end.add(name)
            self.parts[name].kill()

    def release(self, name):
        """Start what was held, or what was frozen, unless it lives."""
        with self._lock:
            self._held.discard(name)
            if not self.parts[name].running:
                self._begin(name)

    def freeze(self, name):
        self.kill(name, signal.SIGSTOP)
        wait_until(lambda: has_stopped(self.parts[name].pid), what=f"{name} standing still")

    def thaw(self, name):
        self.kill(name, signal.SIGCONT)

    def restart(self, name, env=None):
        """Kill it and start it with another environment (None: the usual one)."""
        self.hold(name)
        self.parts[name].env = {**os.environ, "PYTHONPATH": str(self.root), **(env or {})}
        self.release(name)
        if name in WORKERS:
            wait_until(lambda: self.is_up(name), what=f"{name} ready")

    def install(self, root):
        """Let every process begin its next life with the release in another folder."""
        self.root = root
        for name in {*WORKERS, "beat", "web"} & set(self.parts):
            self.parts[name].env = {**os.environ, "PYTHONPATH": str(root)}

    def child_of(self, name):
        """Return the process id of a prefork worker's child, or None while it has none."""
        try:
            path = Path(f"/proc/{self.parts[name].pid}/task/{self.parts[name].pid}/children")
            children = path.read_text().split()
        except OSError:
            return None
        return int(children[-1]) if children else None

    # --- keeping it alive ------------------------------------------------------------------

    def _supervise(self):
        """Do what systemd does with Restart=always, and note what nobody told to end."""
        while not self._ended.wait(BACK_SOON):
            with self._lock:
                for name, part in self.parts.items():
                    if not self._ended.is_set() and name not in self._held and not part.running:
                        self._bring_back(name)

    def _bring_back(self, name):
        part = self.parts[name]
        if name not in self._told_to_end:
            self.ends.append((name, f"exit code {part.exit_code}: {part.text()[-600:]}"))
        try:
            self._begin(name)
        except OSError as error:  # the next round tries again
            self.ends.append((name, f"it does not start: {error}"))

    def forget_ends(self):
        """Begin a new list of what ended by itself (``ends``)."""
        with self._lock:
            self.ends = []

    def revive(self):
        """Thaw and release everything."""
        for name in list(self.parts):
            self.thaw(name)
            self.release(name)

    def heal(self):
        """Revive everything, and wait for the servers."""
        self.revive()
        self.broker.process.wait_for_port()
        wait_until(self.database_answers, what="the database")

    def wait_until_ready(self):
        """Wait until all that may just have been killed takes work again, the schedule too."""
        wait_until(lambda: self.is_up("beat"), what="the schedule")
        self.deaf()

    def database_answers(self):
        try:
            with sessions.session_scope(read_only=True):
                return True
        except SQLAlchemyError:
            return False

    def deaf(self, patience=20):
        """Return the workers that don't answer a ping, after ``patience`` seconds of asking."""
        names = {f"{name}@chaos" for name in WORKERS}
        ends = time.monotonic() + patience
        while names and time.monotonic() < ends:
            with contextlib.suppress(Exception):  # a connection from before the broker's end
                told = app.control.ping(destination=sorted(names), timeout=1, limit=len(names))
                names -= {name for answer in told for name in answer}
        return sorted(names)

    def _kill_all(self):
        with self._lock:
            self._ended.set()
            for name in ("beat", *WORKERS, "web"):
                if name in self.parts:
                    self.parts[name].kill()


def _memory():
    """Where files need not wait for a disk: the machine itself stays up (see `chaos_parts`)."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else "/tmp"


def _make_tables():
    """Make every table, and note the migration they are at: a worker refuses others."""
    with sessions.engine().begin() as connection:
        Base.metadata.create_all(connection)
        MigrationContext.configure(connection).stamp(schema.scripts(), "head")


def _celery(*words):
    return [sys.executable, "-m", "celery", "-A", "tasks", *words]
