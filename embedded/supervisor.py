"""The whole engine under one parent: started in order, watched, stopped in order."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Self

from embedded import environment, leftovers, lineup, preflight, probes
from embedded.child import MARK, Child, mark
from embedded.errors import CannotStart
from embedded.follow import Follower
from embedded.liveness import Liveness
from embedded.places import Places
from embedded.secrets import flower_credentials, make_data_dir, make_secret_key
from embedded.stopping import HURRIED, stop_stages
from embedded.watch import Watch
from settings import ROOT, Settings

MIGRATION_LIMIT = 600.0
"""Seconds."""


class Stack:
    """Broker, workers, Flower, web and beat as children of this process.

    ``with Stack(settings, quiet=True) as stack:`` starts all of it and returns when it answers.
    A child that dies later, or stops working, is started again. ``overrides`` are environment
    variables (`PORT` …) that change the settings for this stack and its children.
    ``in_a_hurry`` is asked while it stops: then nobody is given time.

    Raises, from ``start``:
        CannotStart: one line that says what to change; nothing is left running.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        quiet: bool = False,
        overrides: Mapping[str, str] | None = None,
        follow_logs: bool = False,
        in_a_hurry: Callable[[], bool] = lambda: False,
    ) -> None:
        overrides = overrides or {}
        self.settings = environment.overridden(settings, overrides)
        self.child_environment = environment.of_children(self.settings, overrides)
        self._places = Places(self.settings.data_dir.resolve())
        self._quiet = quiet
        self._follower = Follower(_print) if follow_logs else None
        self._stages: list[list[Child]] = []
        self._watch: Watch | None = None
        self._liveness: Liveness | None = None
        self._lock: IO[str] | None = None
        self._in_a_hurry = in_a_hurry

    @property
    def processes(self) -> dict[str, int]:
        """The main process of every child, by name."""
        return {child.name: child.pid for child in self._children if child.pid}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything and return when it answers."""
        try:
            self._prepare()
            self._start_stages()
        except BaseException:
            # Ctrl-C in the middle too: what was started must not stay.
            self.stop()
            raise
        self._watch = Watch(self._children, self._say)
        self._watch.start()
        self._liveness = Liveness(self.settings, self._children, self._watch.restart)
        self._liveness.start()

    def stop(self) -> None:
        """Stop everything, the last stage first. Ctrl-C meanwhile hurries; nothing stays behind."""
        while self._lock:
            try:
                self._stop()
            except KeyboardInterrupt:  # the first one: it stops for another reason
                self._in_a_hurry = lambda: True
                self._say("stopping at once")

    def _prepare(self) -> None:
        make_data_dir(self._places.data_dir)
        self._places.make()
        self._lock = preflight.take_lock(self._places)
        if left := leftovers.stop(lineup.STAGE_NAMES, self._places):
            self._say(f"stopped {len(left)} processes that an earlier run left behind")
        preflight.check_ports(self.settings)
        make_secret_key(self.settings)

    def _start_stages(self) -> None:
        workers = probes.Workers(self.settings.broker_url)
        if not self.settings.uses_embedded_broker and not workers.reaches_broker():
            raise CannotStart("the broker does not answer: look at CELERY_BROKER_URL or REDIS_URL")
        plans = lineup.stages(self.settings, self._places, workers)
        first, *rest = plans
        with contextlib.closing(workers):
            if self.settings.uses_embedded_broker:
                self._await(self._spawn([first]))
            else:
                rest = plans
            self._migrate()
            *most, beat = rest
            # Together: they don't wait for one another, and each takes a second to import.
            self._await(self._spawn(most))
            self._await(self._spawn([beat]))

    def _spawn(self, stages: Sequence[lineup.Stage]) -> list[Child]:
        started: list[Child] = []
        for plans in stages:
            stage: list[Child] = []
            self._stages.append(stage)
            for plan in plans:
                child = Child(plan, self._places, self.child_environment)
                # First in the list: a Ctrl-C right after its start must find it there.
                stage.append(child)
                if self._follower:
                    self._follower.add(child.name, child.log)
                child.start()
                started.append(child)
        return started

    def _await(self, children: Sequence[Child]) -> None:
        for child in children:
            deadline = child.started_at + child.plan.start_limit
            while not child.plan.is_ready():
                if child.has_ended():
                    how = child.bury()
                    raise CannotStart(
                        f"{child.name} ended at once ({how}); {child.log} ends:\n"
                        f"{child.last_lines()}"
                    )
                if time.monotonic() > deadline:
                    raise CannotStart(
                        f"{child.name} does not answer after {child.plan.start_limit:g} s; "
                        f"{child.log} ends:\n"
                        f"{child.last_lines()}"
                    )
                time.sleep(0.05)
            child.was_up = True
            self._say(f"{child.name} is up (process {child.pid})")

    def _migrate(self) -> None:
        log = self._places.log("migrate")
        marked = {**self.child_environment, MARK: mark("migrate", self._places)}
        with log.open("wb") as file:
            try:
                done = subprocess.run(
                    lineup.migrate_command(),
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=file,
                    cwd=ROOT,
                    env=marked,
                    timeout=MIGRATION_LIMIT,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise CannotStart(f"the migration took longer than {MIGRATION_LIMIT:g} s") from None
        if done.returncode:
            raise CannotStart(f"the migration failed:\n{log.read_text(errors='replace')[-2000:]}")
        self._say("database is up to date")

    def _stop(self) -> None:
        if self._liveness:
            self._liveness.stop()
        if self._watch:
            self._watch.stop()
        stop_stages(self._stages, self._in_a_hurry, self._say)
        # What a Ctrl-C kept us from noting down was just begun.
        leftovers.stop(lineup.STAGE_NAMES, self._places, patience=HURRIED)
        if self._follower:
            self._follower.close()
        self._stages = []
        if self._lock:
            self._lock.close()
            self._lock = None

    @property
    def _children(self) -> list[Child]:
        return [child for stage in self._stages for child in stage]

    def _say(self, text: str) -> None:
        with contextlib.suppress(OSError), (self._places.logs / "up.log").open("a") as file:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {text}\n")
        if not self._quiet:
            _print(text)


def flower_login(settings: Settings) -> str:
    """Return Flower's name and password, for showing to the operator."""
    return " / ".join(flower_credentials(settings).split(":", 1))


def _print(text: str) -> None:
    # A terminal that was closed must not keep us from stopping.
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
