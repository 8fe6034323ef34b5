"""What the stack consists of, in the order of its starting; docs for each line are in Procfile."""

import socket
import sys

from embedded import broker, probes
from embedded.child import Plan
from embedded.flower import FLOWER_HOST
from embedded.places import Places
from embedded.secrets import flower_credentials
from settings import Settings

Stage = tuple[Plan, ...]


def stages(settings: Settings, places: Places, workers: probes.Workers) -> list[Stage]:
    """Return the programs in stages; a stage is stopped when all later ones have ended.

    Beat is last to start and first to stop: it makes work. The broker is the opposite: a worker
    that stops must be able to give its messages back.
    """
    found = [
        (_publish(settings, workers), _media(settings, workers)),
        (_flower(settings), _web(settings)),
        (_beat(places),),
    ]
    if settings.uses_embedded_broker:
        found.insert(0, (_broker(settings, places),))
    return found


STAGE_NAMES = (("broker",), ("migrate", "publish", "media"), ("flower", "web"), ("beat",))
"""Every name there can be, for finding what an earlier run left."""


def migrate_command() -> tuple[str, ...]:
    return (sys.executable, "-m", "cli", "db", "upgrade")


def _celery(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "celery", "-A", "tasks", *words)


def _broker(settings: Settings, places: Places) -> Plan:
    port = settings.broker_port
    return Plan(
        "broker",
        broker.command(places.broker, port),
        lambda: broker.is_answering(port),
        patience=20,
    )


def _worker(name: str, words: tuple[str, ...], workers: probes.Workers) -> Plan:
    node = f"{name}@{socket.gethostname()}"
    return Plan(
        name,
        # Mingle waits a second for other workers' revocations and clocks; we have none.
        _celery("worker", "-n", f"{name}@%h", "-E", "--without-mingle", "--without-gossip", *words),
        lambda: workers.is_answering(node),
        # A batch under way may end; what does not is given back, and the rows say the rest.
        patience=30,
        soft_limit=25,
    )


def _publish(settings: Settings, workers: probes.Workers) -> Plan:
    words = (
        "-P",
        "threads",
        "-c",
        str(settings.publish_concurrency),
        "-Q",
        "publish,webhooks,maintenance",
    )
    return _worker("publish", words, workers)


def _media(settings: Settings, workers: probes.Workers) -> Plan:
    words = ("-P", "prefork", "-c", str(settings.media_concurrency), "-Q", "media")
    return _worker("media", words, workers)


def _flower(settings: Settings) -> Plan:
    port = settings.flower_port
    return Plan(
        "flower",
        (sys.executable, "-m", "embedded.flower"),
        lambda: probes.answers_http(FLOWER_HOST, port, "/healthcheck"),
        # No other child gets it.
        environment={"FLOWER_BASIC_AUTH": flower_credentials(settings)},
    )


def _web(settings: Settings) -> Plan:
    host, port = settings.host, settings.port
    return Plan(
        "web",
        (
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
            *("--host", host, "--port", str(port), "--blocking-threads", "32"),
            # Milliseconds. It has no limit for bodies: see deploy/README.md, nginx.
            *("--http1-header-read-timeout", "10000", "ingress.wsgi:app"),
        ),
        lambda: probes.answers_http(host, port, "/healthz"),
        patience=20,
    )


def _beat(places: Places) -> Plan:
    schedule = places.data_dir / "beat-schedule"
    since = probes.since_now()
    return Plan(
        "beat",
        _celery("beat", "-s", str(schedule)),
        lambda: probes.was_written(schedule.parent, f"{schedule.name}*", since),
    )
