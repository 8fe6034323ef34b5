"""The checks behind `igny8 doctor`: each looks at one thing and never raises."""

import platform
import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy.exc import SQLAlchemyError

import settings
from cli import database
from embedded.probes import Workers, answers_http
from models.encryption import SecretUnreadable, key_ring
from models.schema import seconds_ahead
from models.session import engine, session_scope
from settings import Settings
from tasks.heartbeat import beat_age, intervals, last_ticks
from tasks.sites.releases import outdated_sites, shipped_version
from tasks.startup import WORST_SKEW

OLDEST_PYTHON = (3, 11)
DISK_LOW, DISK_FULL = 1024**3, 200 * 1024**2
WORKERS = ("publish", "media")
PULSE = "pulse."
LATE, SHORTEST_LATE = 3, 45.0
"""Intervals without a tick, but at least so many seconds, that are worth a word."""

LOST, SHORTEST_LOST = 10, 60.0
"""As many that mean that something has stopped."""


@dataclass(frozen=True, slots=True)
class Finding:
    subject: str
    grade: Literal["ok", "warn", "fail"]
    said: str
    advice: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def run_checks() -> list[Finding]:
    """Return what was found, in the order in which one thing stands on another."""
    known = settings.current()
    checks: tuple[Callable[[Settings], Finding], ...] = (
        _python,
        _data_dir,
        _disk,
        _secret_key,
        _database,
        _clock,
        _broker,
        _workers,
        _beat,
        _pulses,
        _plugins,
        _web,
        _flower,
    )
    return [check(known) for check in checks]


def _python(_: Settings) -> Finding:
    version = platform.python_version()
    if sys.version_info < OLDEST_PYTHON:
        return Finding("python", "fail", version, "Python 3.11 or newer is needed: run bin/setup")
    return Finding("python", "ok", version)


def _data_dir(known: Settings) -> Finding:
    from embedded.errors import CannotStart
    from embedded.secrets import make_data_dir

    try:
        make_data_dir(known.data_dir)
    except CannotStart as error:
        return Finding("data folder", "fail", str(error))
    if known.data_dir.stat().st_mode & 0o077:
        advice = f"close it: chmod 700 {known.data_dir}"
        return Finding("data folder", "warn", f"{known.data_dir}: others may look in", advice)
    return Finding("data folder", "ok", str(known.data_dir))


def _disk(known: Settings) -> Finding:
    try:
        free = shutil.disk_usage(known.data_dir).free
    except OSError as error:
        return Finding("disk", "fail", f"{known.data_dir}: {error.strerror}")
    said = f"{free / 1024**3:.1f} GiB free"
    if free < DISK_FULL:
        return Finding("disk", "fail", said, "make room: the database can't be written soon")
    if free < DISK_LOW:
        return Finding("disk", "warn", said, "make room")
    return Finding("disk", "ok", said)


def _secret_key(_: Settings) -> Finding:
    try:
        count = len(key_ring())
    except SecretUnreadable as error:
        return Finding("secret key", "fail", str(error))
    except OSError as error:
        return Finding("secret key", "fail", f"secret.key: {error.strerror}")
    return Finding("secret key", "ok", f"{count} in use")


def _database(_: Settings) -> Finding:
    where = engine().url.render_as_string(hide_password=True)
    try:
        at, newest = database.current(), database.head()
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", error)).strip().split("\n")[0]
        return Finding("database", "fail", f"{where}: {said}", "look at DATABASE_URL")
    if at != newest:
        said = f"{where}: at {at or 'no migration'}, newest {newest}"
        return Finding("database", "fail", said, "run `igny8 db upgrade`")
    return Finding("database", "ok", f"{where}, at {at}")


def _clock(_: Settings) -> Finding:
    try:
        ahead = round(seconds_ahead())
    except SQLAlchemyError:
        return Finding("clock", "warn", "the database can't be asked for its time")
    if abs(ahead) <= WORST_SKEW:
        return Finding("clock", "ok", "agrees with the database's")
    how = f"{abs(ahead)} s {'ahead of' if ahead > 0 else 'behind'} the database's"
    return Finding("clock", "fail", how, "synchronise it: logs, and how old a webhook is, go by it")


def _broker(known: Settings) -> Finding:
    from kombu.utils.url import maybe_sanitize_url

    where = str(maybe_sanitize_url(known.broker_url))
    if Workers(known.broker_url).reaches_broker():
        return Finding("broker", "ok", where)
    variable = "REDIS_URL" if known.broker_url == known.redis_url else "CELERY_BROKER_URL"
    start = "start the stack with `igny8 up`"
    advice = start if known.uses_embedded_broker else f"look at {variable}"
    return Finding("broker", "fail", f"{where} does not answer", advice)


def _workers(known: Settings) -> Finding:
    with closing(Workers(known.broker_url)) as workers:
        # A ping tries for six seconds before it gives up.
        if not workers.reaches_broker():
            return Finding("workers", "fail", "can't be asked without the broker")
        nodes = workers.answering()
    missing = [name for name in WORKERS if not any(n.startswith(f"{name}@") for n in nodes)]
    if missing:
        said = f"no answer from: {', '.join(missing)}"
        return Finding("workers", "fail", said, "start them: `igny8 up`, or the lines in Procfile")
    return Finding("workers", "ok", ", ".join(nodes))


def _beat(_: Settings) -> Finding:
    try:
        ages = {name: age for name, age in _tick_ages().items() if not name.startswith(PULSE)}
        with session_scope(read_only=True) as session:
            running = beat_age(session)
    except SQLAlchemyError:
        return Finding("beat", "fail", "can't be seen without the database")
    advice = "start beat and the publish worker: `igny8 up`"
    if ages.get("dispatch") is None:
        return Finding("beat", "fail", "has never ticked", advice)
    found = _lateness("beat", ages, advice)
    if missing := _never_ran(ages, running):
        said = f"has never run: {', '.join(missing)}; {found.said}"
        if found.grade == "ok":
            advice = "look for `unregistered task` in the publish worker's log: older than beat?"
        return Finding("beat", "fail" if found.grade == "fail" else "warn", said, advice)
    return found


def _never_ran(ages: dict[str, float | None], running: float | None) -> list[str]:
    """Return the entries that should have run since beat was started, so many seconds ago."""
    return [
        name
        for name, age in ages.items()
        if age is None and (running is None or running > _late_after(name))
    ]


def _pulses(_: Settings) -> Finding:
    try:
        ages = {name: age for name, age in _tick_ages().items() if name.startswith(PULSE)}
    except SQLAlchemyError:
        return Finding("queues", "fail", "can't be seen without the database")
    advice = "a worker takes no messages, though it may answer: start it again"
    if missing := [name.removeprefix(PULSE) for name, age in ages.items() if age is None]:
        return Finding("queues", "warn", f"nothing taken yet from: {', '.join(missing)}", advice)
    return _lateness("queues", ages, advice)


def _plugins(_: Settings) -> Finding:
    shipped = shipped_version()
    if shipped is None:
        return Finding("plugins", "warn", "the plugin's folder is missing beside this engine")
    try:
        with session_scope(read_only=True) as session:
            outdated = outdated_sites(session)
    except SQLAlchemyError:
        return Finding("plugins", "warn", "can't be counted without the database")
    if not outdated:
        return Finding("plugins", "ok", f"no site has an older one than {shipped}")
    advice = "`igny8 events` names them (plugin_outdated): update the plugin there"
    return Finding(
        "plugins", "warn", f"{outdated} site(s) have an older one than {shipped}", advice
    )


def _tick_ages() -> dict[str, float | None]:
    """Return the seconds since each entry of beat's table last ran; None: never."""
    with session_scope(read_only=True) as session:
        return {
            name: None if tick is None else tick.age for name, tick in last_ticks(session).items()
        }


def tick_times() -> dict[str, str | None]:
    """Return when each entry of beat's table last ran to its end; empty without the database."""
    try:
        with session_scope(read_only=True) as session:
            found = last_ticks(session)
    except SQLAlchemyError:
        return {}
    return {
        name: None if tick is None else tick.at.isoformat(timespec="seconds")
        for name, tick in found.items()
    }


def _late_after(name: str) -> float:
    return max(LATE * intervals()[name], SHORTEST_LATE)


def _lateness(subject: str, ages: dict[str, float | None], advice: str) -> Finding:
    expected = intervals()
    known = {name: age for name, age in ages.items() if age is not None}
    said = ", ".join(f"{name} {age:.0f} s ago" for name, age in known.items())
    # Behind a busy worker a tick or two may be late; a short tick may miss more of them.
    late = [name for name, age in known.items() if age > _late_after(name)]
    if not late:
        return Finding(subject, "ok", said)
    lost = any(known[name] > max(LOST * expected[name], SHORTEST_LOST) for name in late)
    return Finding(subject, "fail" if lost else "warn", f"late: {', '.join(late)} ({said})", advice)


def _web(known: Settings) -> Finding:
    if answers_http(known.host, known.port, "/healthz"):
        return Finding("API", "ok", known.base_url)
    # Web and Flower may well run elsewhere: work goes on without them.
    return Finding("API", "warn", f"no answer on {known.host}:{known.port}")


def _flower(known: Settings) -> Finding:
    if answers_http("127.0.0.1", known.flower_port, "/healthcheck"):
        return Finding("Flower", "ok", f"http://127.0.0.1:{known.flower_port}/")
    return Finding("Flower", "warn", f"no answer on 127.0.0.1:{known.flower_port}")
