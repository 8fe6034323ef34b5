"""One program of the stack: started in its own session, stopped kindly first."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic

from embedded.errors import CannotStart
from embedded.places import Places
from settings import ROOT

MARK = "IGNY8_CHILD"
"""The variable by which a later start finds the processes of a supervisor that was killed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run, how to know that it is up, and how long it may take to stop (seconds)."""

    name: str
    command: tuple[str, ...]
    is_ready: Callable[[], bool]
    start_limit: float = 60.0
    patience: float = 10.0
    """From TERM to the next step."""

    soft_limit: float = 0.0
    """From QUIT to KILL: a worker's soft shutdown. 0: no QUIT."""

    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class Child:
    """A running plan. Everything it starts is in its process group, and ends with it."""

    def __init__(self, plan: Plan, places: Places, environment: Mapping[str, str]) -> None:
        self.plan = plan
        self.restarts = 0
        self.was_up = False
        self.started_at = 0.0
        self._places = places
        self._environment = {
            **environment,
            **plan.environment,
            MARK: mark(plan.name, places),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.log = places.log(plan.name)
        self._log_start = 0

    @property
    def name(self) -> str:
        return self.plan.name

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the program, its output appended to its log.

        Raises:
            CannotStart: it can't be run at all.
        """
        try:
            with self.log.open("ab") as log:
                self._log_start = log.tell()
                self._process = subprocess.Popen(
                    self.plan.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=ROOT,
                    env=self._environment,
                    # Ctrl-C in a terminal goes to a whole group: it must reach the supervisor only.
                    start_new_session=True,
                )
        except OSError as error:
            raise CannotStart(f"{self.name} can't be run: {error}") from None
        self.started_at = monotonic()
        self._places.pid(self.name).write_text(f"{self._process.pid}\n", encoding="ascii")

    def has_ended(self) -> bool:
        """Whether the main process is gone. It stays a zombie, so that its number stays ours."""
        if self._process is None or self.is_buried:
            return True
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._process.pid, options) is not None

    def send(self, kind: signal.Signals) -> None:
        """Signal the main process alone: a pool's children are its own to end."""
        if self._process and not self.has_ended():
            self._process.send_signal(kind)

    def kill(self) -> None:
        """End the whole group at once."""
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    @property
    def is_buried(self) -> bool:
        """Whether nothing of it is left, its number included."""
        return self._process is None or self._process.returncode is not None

    def bury(self) -> str:
        """End what is left of the group, and return in words how the main process ended."""
        process = self._process
        if process is None:
            return "was not running"
        self.kill()
        process.wait()
        self._places.pid(self.name).unlink(missing_ok=True)
        return in_words(process.returncode)

    def last_lines(self, count: int = 12) -> str:
        """Return the end of what this run has logged."""
        with contextlib.suppress(OSError), self.log.open("rb") as log:
            log.seek(max(self._log_start, log.seek(0, os.SEEK_END) - 8000))
            lines = log.read().decode(errors="replace").splitlines()
            return "\n".join(lines[-count:])
        return ""


def mark(name: str, places: Places) -> str:
    return f"{name}@{places.data_dir}"


def in_words(status: int) -> str:
    """Return what a process's status says: 'status 1' or 'SIGKILL'."""
    if status >= 0:
        return f"status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
