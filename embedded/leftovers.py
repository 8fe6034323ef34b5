"""Processes of a supervisor that was killed: found by their mark, and ended."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from embedded.child import MARK, mark
from embedded.places import Places

PATIENCE = 20.0
"""Seconds from TERM to KILL, for what may have work under way."""


def find(names: Sequence[str], places: Places) -> list[int]:
    """Return the living processes of this data folder's stack that carry one of these names.

    The mark is in the environment a process was started with, so a number that was given to
    another program in the meantime is never taken for ours.
    """
    wanted = {f"{MARK}={mark(name, places)}".encode() for name in names}
    return [pid for pid in _living() if wanted & _environment(pid)]


def stop(
    stages: Sequence[Sequence[str]], places: Places, *, patience: float = PATIENCE
) -> list[int]:
    """End what is left of an earlier run, the last stage first; return the numbers.

    ``patience`` is each stage's, in seconds from TERM to KILL.
    """
    ended: list[int] = []
    for names in reversed(stages):
        found = find(names, places)
        # A pool's child has a marked parent, which ends it once its task is done.
        for pid in found:
            if _parent(pid) not in found:
                _send(pid, signal.SIGTERM)
        if found and not _wait_for_end(names, places, patience):
            for pid in find(names, places):
                _send(pid, signal.SIGKILL)
            _wait_for_end(names, places, PATIENCE)
        ended += found
    return ended


def _wait_for_end(names: Sequence[str], places: Places, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while find(names, places):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _living() -> Iterator[int]:
    own = os.getpid()
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) != own and _state(int(entry.name)) not in {"Z", "X", ""}:
            yield int(entry.name)


def _environment(pid: int) -> set[bytes]:
    try:
        return set(Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    except OSError:  # it ended while we looked, or it is another user's
        return set()


def _state(pid: int) -> str:
    return _stat(pid)[0]


def _parent(pid: int) -> int:
    return int(_stat(pid)[1] or 0)


def _stat(pid: int) -> tuple[str, str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "", ""
    # The name before it may hold spaces and brackets.
    state, parent = text.rpartition(")")[2].split()[:2]
    return state, parent


def _send(pid: int, kind: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, kind)
