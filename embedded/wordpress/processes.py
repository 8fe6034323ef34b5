"""Starts, finds and stops the background processes of a site, and never anybody else's."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


class CannotStart(Exception):
    """A server didn't come up; the message says which and what its log says."""


@dataclass(frozen=True)
class Account:
    """Whom the servers run as: an ordinary user, also when we are root."""

    name: str
    uid: int
    gid: int

    @classmethod
    def of_servers(cls) -> "Account":
        """www-data under root (mariadbd refuses root, and a web server shouldn't be it)."""
        own = pwd.getpwuid(os.geteuid()) if os.geteuid() else pwd.getpwnam("www-data")
        return cls(own.pw_name, own.pw_uid, own.pw_gid)

    def own(self, folder: Path) -> None:
        """Give a folder and everything in it to this account."""
        if os.geteuid() != 0:
            return
        for parent, folders, files in os.walk(folder):
            os.chown(parent, self.uid, self.gid)
            for name in [*folders, *files]:
                os.chown(Path(parent, name), self.uid, self.gid, follow_symlinks=False)

    def own_file(self, file: Path) -> None:
        """Give one file to this account."""
        if os.geteuid() == 0:
            os.chown(file, self.uid, self.gid)

    @property
    def user(self) -> int | None:
        """For `subprocess`: None leaves the program with the user we are."""
        return None if os.geteuid() else self.uid

    @property
    def group(self) -> int | None:
        return None if os.geteuid() else self.gid

    @property
    def groups(self) -> list[int] | None:
        """No further groups: root's own must not be passed on."""
        return None if os.geteuid() else []


@dataclass
class Daemon:
    """One server program; `mark` is an argument only this site's one is started with.

    The mark, not the number in the pid file, says which processes are ours: it also finds what
    a killed test run left behind, and a number that was given to another program means nothing.
    """

    run: Path
    name: str
    program: str
    mark: str
    account: Account
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def pid_file(self) -> Path:
        return self.run / f"{self.name}.pid"

    @property
    def log(self) -> Path:
        return self.run / f"{self.name}.log"

    def pids(self) -> list[int]:
        """Our living processes of this server, the one in the pid file first."""
        found = [pid for pid in _all_pids() if self._is_ours(pid)]
        noted = self._noted()
        return sorted(found, key=lambda pid: (pid != noted, pid))

    def start(
        self,
        command: Sequence[str],
        ready: Callable[[], bool],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start it in a session of its own and return when it answers.

        Raises:
            CannotStart: it ended, or didn't answer within half a minute.
        """
        with self.log.open("wb") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.run,
                start_new_session=True,
                env={**os.environ, **(environment or {})},
                user=self.account.user,
                group=self.account.group,
                extra_groups=self.account.groups,
            )
        self.pid_file.write_text(f"{child.pid}\n", encoding="ascii")
        self._child = _kept(child)
        if not wait_for(lambda: child.poll() is not None or ready(), seconds=30) or child.poll():
            why = self.log.read_text(encoding="utf-8", errors="replace")[-800:]
            self.stop()
            raise CannotStart(f"{self.name} didn't start: {why.strip() or 'no answer'}")

    def stop(self, seconds: float = 20) -> None:
        """End all of it, kindly and then not; nothing to do is fine."""
        for patience, kind in ((seconds, signal.SIGTERM), (5.0, signal.SIGKILL)):
            if self.end_all(kind, patience):
                break
        if self._child is not None:
            self._child.wait()
            _started.discard(self._child)
            self._child = None
        # Started by another object for the same site, and ended by us.
        for child in [child for child in _started if child.poll() is not None]:
            _started.discard(child)
        self.pid_file.unlink(missing_ok=True)

    def end_all(self, kind: signal.Signals, seconds: float) -> bool:
        """Send it to all of it; whether it all ended within so many seconds."""
        told = self.pids()
        for pid in told:
            _send(pid, kind)
        # A process loses its words some time before it closes its sockets: without the second look
        # its successor finds the port taken.
        return wait_for(lambda: not self.pids() and not any(map(_lives, told)), seconds=seconds)

    def _noted(self) -> int | None:
        try:
            return int(self.pid_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def _is_ours(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:  # it ended while we looked
            return False
        same_program = Path(os.fsdecode(words[0])).name == Path(self.program).name
        return same_program and os.fsencode(self.mark) in words


# Kept so that the garbage collector doesn't complain of servers that are meant to live on.
_started: set[subprocess.Popen[bytes]] = set()


def _kept(child: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    _started.add(child)
    return child


def _all_pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - 10x faster


def _send(pid: int, kind: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it went by itself
        os.kill(pid, kind)


def _lives(pid: int) -> bool:
    """Whether it still has its files; what ended and was not waited for has none."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except OSError:
        return False
    return state not in (b"Z", b"X")


def wait_for(happened: Callable[[], bool], *, seconds: float) -> bool:
    """Whether it happened before the deadline."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def program(name: str) -> str:
    """The full path of a server program, also where PATH leaves /usr/sbin out.

    Raises:
        CannotStart: it isn't installed.
    """
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/bin")
    if found is None:
        raise CannotStart(f"{name} isn't installed")
    return found
