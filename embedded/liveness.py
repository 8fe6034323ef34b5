"""Finds children that live and don't work: a worker without messages, a beat without ticks."""

import socket
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from time import monotonic

from embedded.child import Child
from embedded.probes import Workers
from embedded.pulses import QUEUES, PulseRows, Silence
from settings import Settings

INTERVALS = 4
"""Pulses that may be missed: a worker under load is late by one or two."""

LONGEST_LIMIT = 1800.0
BUSY_LIMIT = 1800.0
"""Seconds for which a worker may be at the same tasks on all its threads; no site takes longer."""

SILENT = "takes no messages"
NO_TICKS = "sends no ticks"


class Liveness:
    """A thread that asks for the restart of what has stopped working.

    Nothing is judged while the database or the broker is away, nor for some time after; a child
    that stays silent after its restart is given twice as long each time.
    """

    def __init__(
        self, settings: Settings, children: Sequence[Child], restart: Callable[[str, str], None]
    ) -> None:
        self._children = {child.name: child for child in children}
        self._restart = restart
        self._pulse = settings.pulse
        self._slots = {"publish": settings.publish_concurrency, "media": settings.media_concurrency}
        self._rows = PulseRows(settings)
        self._workers = Workers(settings.broker_url)
        self._silence = Silence()
        self._tries: Counter[str] = Counter()
        self._restarted: dict[str, float] = {}
        self._busy: dict[str, tuple[frozenset[str], float]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="liveness", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Look no more; a look under way ends by itself, and changes nothing."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(self._pulse / 3):
            self.look()
        self._workers.close()

    def look(self) -> None:
        """Look once, and ask for the restart of what is stuck."""
        rows = self._rows.read()
        if rows is None or not self._workers.reaches_broker():
            self._silence.forget()
            return
        self._silence.note(rows, monotonic())
        self._forgive()
        for name in self._silent():
            if name == "beat" or self._is_stuck(name):
                words = self._words(name)
                self._tries[name] += 1
                self._restarted[name] = monotonic()
                self._restart(name, words)

    def _silent(self) -> list[str]:
        """Return the children to doubt; beat alone when nothing comes from anywhere."""
        workers = sorted(set(QUEUES.values()))
        if all(self._quiet_for(queue) > self._limit("beat") for queue in QUEUES) and all(
            self._tries["beat"] <= self._tries[name] for name in workers
        ):
            return ["beat"]
        quiet = {QUEUES[queue] for queue in QUEUES if self._is_quiet(queue)}
        return sorted(quiet)

    def _is_quiet(self, queue: str) -> bool:
        return self._quiet_for(queue) > self._limit(QUEUES[queue])

    def _quiet_for(self, queue: str) -> float:
        """Return the seconds for which a pulse could have come from a queue, and did not."""
        since = self._silence.since(queue)
        for name in (QUEUES[queue], "beat"):
            started = self._children[name].started_at
            if started < self._restarted.get(name, 0.0):
                return 0.0  # it is still being stopped
            since = max(since, started)
        return monotonic() - since

    def _limit(self, name: str) -> float:
        return min(INTERVALS * self._pulse * 2.0 ** self._tries[name], LONGEST_LIMIT)

    def _forgive(self) -> None:
        """Forget earlier restarts of what has worked since for as long as it was given."""
        for name, restarted in list(self._restarted.items()):
            queues = [queue for queue in QUEUES if name in {QUEUES[queue], "beat"}]
            well = any if name == "beat" else all
            works = well(self._silence.since(queue) > restarted for queue in queues)
            if works and monotonic() - restarted > 2 * self._limit(name):
                del self._restarted[name], self._tries[name]

    def _is_stuck(self, name: str) -> bool:
        """Whether a worker is silent though it has room, or has got nowhere for long."""
        tasks = self._workers.running(f"{name}@{socket.gethostname()}")
        if tasks is None:
            # The question itself may have failed.
            return self._workers.reaches_broker()
        if len(tasks) < self._slots[name]:
            return True
        before, since = self._busy.get(name, (frozenset(), 0.0))
        if before != tasks:
            self._busy[name] = (tasks, monotonic())
            return False
        return monotonic() - since > BUSY_LIMIT

    def _words(self, name: str) -> str:
        if name == "beat":
            return f"{NO_TICKS} (none for {min(map(self._quiet_for, QUEUES)):.0f} s)"
        queues = [queue for queue in QUEUES if QUEUES[queue] == name and self._is_quiet(queue)]
        longest = max((self._quiet_for(queue) for queue in queues), default=0.0)
        return f"{SILENT} (none for {longest:.0f} s)"
