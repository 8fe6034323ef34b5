"""A process of our own: its own session, its own log file, and an end that can't be forgotten."""

import atexit
import errno
import os
import random
import shlex
import signal
import socket
import subprocess
import time
import uuid
from contextlib import suppress
from pathlib import Path

# Ends the group when its own input does: when the tests' process is gone, however it went.
WATCH = 'read _; kill -9 "-$0"'

DEADLINE = 60.0
"""Seconds that a server may need to come up on a loaded machine; nobody waits them out."""


class ProcessFailed(Exception):
    """It ended or stayed silent; the message ends with its log's last lines."""


_claims = []  # closed with the process, and the ports are anyone's again


def free_port():
    """Return a port that nobody listens on, and that is no other test process's until this ends.

    Below the kernel's own range, so that no outgoing connection takes it before the server does.
    Claimed, as a server that is to come up, or is killed and comes back, does not hold it itself.
    """
    for _ in range(200):
        port = random.randint(18000, 30000)
        if _claim(port) and not _taken(port):
            return port
    raise OSError("no free port between 18000 and 30000")


def _claim(port):
    # An abstract name, as ports are, is one per network namespace, and leaves no file behind.
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0igny8-test-port-{port}")
    except OSError as error:
        claim.close()
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    _claims.append(claim)
    return True


def _taken(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def wait_until(condition, *, timeout=DEADLINE, what="the condition"):
    """Poll until ``condition()`` is true and return its value; TimeoutError names ``what``."""
    ends = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > ends:
            raise TimeoutError(f"{what} did not come within {timeout:g} s")
        time.sleep(0.02)
    return value


class LocalProcess:
    """A command that can be started, killed and started again.

    Offers what pytest-celery asks of a Docker container (id, name, status, attrs, reload, kill,
    stop, restart, logs, exec_run), so that its nodes run on local processes (servers.nodes).
    """

    def __init__(self, name, command, folder, *, env=None, port=None, user=None):
        """``folder`` gets the log; ``env`` comes on top of ours; ``user`` is a pwd entry."""
        self.name, self.command, self.folder, self.port = name, list(command), Path(folder), port
        self.id = uuid.uuid4().hex
        self.env = {**os.environ, **(env or {})}
        self.log = self.folder / f"{name}.log"
        self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        self._process = self._watch = None

    def start(self):
        self.kill()  # what is left of an earlier life
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(part) for part in self.command],
                cwd=self.folder,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._as,
            )
        self._watch = subprocess.Popen(
            ["sh", "-c", WATCH, str(self.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        atexit.register(self.kill)
        return self

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()

    @property
    def pid(self):
        return self._process.pid

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self):
        return self._process.poll()

    def text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def wait_for_log(self, words, *, timeout=DEADLINE):
        """Return the whole log once it holds ``words``."""
        return self._wait(lambda: self.text() if words in self.text() else None, words, timeout)

    def wait_for_port(self, port=None, *, timeout=DEADLINE):
        port = port or self.port
        self._wait(lambda: listens(port), f"port {port}", timeout)
        return self

    def _wait(self, condition, what, timeout):
        def checked():
            ended = not self.running
            if (value := condition()) or not ended:
                return value
            raise ProcessFailed(f"{self.name} ended with {self.exit_code}:\n{self.text()[-3000:]}")

        try:
            return wait_until(checked, timeout=timeout, what=what)
        except TimeoutError as late:
            raise ProcessFailed(f"{self.name}: {late}\n{self.text()[-3000:]}") from None

    def kill(self, sig=None):
        """Send a signal; without one, kill it and everything it started."""
        number = signal.SIGKILL if sig is None else _number(sig)
        if self._process is None:
            return
        if number is not signal.SIGKILL:
            if self.running:
                self._process.send_signal(number)
            return
        atexit.unregister(self.kill)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)  # what it started outlives it otherwise
        self._process.wait()
        self._watch.kill()
        self._watch.communicate()

    def stop(self, timeout=10, sig=signal.SIGTERM):
        """Ask it to end, and kill it and its children when it has not after ``timeout`` s."""
        if self.running:
            self._process.send_signal(sig)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)
        self.kill()

    def restart(self, timeout=10):
        self.stop(timeout)
        self.start()

    # --- the rest of a container's shape ---------------------------------------------------

    @property
    def attrs(self):
        binding = [{"HostIp": "127.0.0.1", "HostPort": str(self.port)}]
        return {
            "Config": {
                "Hostname": self.id[:12],
                "Env": [f"{name}={value}" for name, value in self.env.items()],
                "Labels": {},
            },
            "HostConfig": {"PortBindings": {}},
            "NetworkSettings": {
                "Networks": {"local": {"IPAddress": "127.0.0.1"}},
                "Ports": {f"{self.port}/tcp": binding} if self.port else {},
            },
        }

    @property
    def status(self):
        return "running" if self.running else "exited"

    def reload(self):
        """Nothing to do: unlike a container's, our view is never stale."""

    def logs(self):
        return self.log.read_bytes() if self.log.exists() else b""

    def exec_run(self, command, **_):
        parts = command if isinstance(command, list) else shlex.split(command)
        done = subprocess.run(
            parts, cwd=self.folder, env=self.env, capture_output=True, check=False, timeout=DEADLINE
        )
        return done.returncode, done.stdout + done.stderr


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _number(sig):
    return signal.Signals[sig] if isinstance(sig, str) else signal.Signals(sig)
