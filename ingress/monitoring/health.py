"""For whoever watches the process: /healthz, /readyz and /metrics. Open, and without a tenant."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import BaseModel, Field

from ingress.broker import broker_answers
from ingress.errors import RETRY_AFTER, Problem, problem_responses
from ingress.monitoring.metrics import DatabaseCollector
from models import Publication
from models.session import session_scope
from tasks.heartbeat import Tick, last_ticks

bp = APIBlueprint("health", __name__, abp_tags=[Tag(name="health", description="For monitoring")])


class HealthAnswer(BaseModel):
    status: str


class ReadyAnswer(BaseModel):
    """Each check's words, and every entry of beat's table: null, where it has not run yet."""

    status: str
    checks: dict[str, str]
    heartbeat_ages: dict[str, float | None] = Field(
        description="Seconds since the entry's task last ran to its end."
    )
    last_tick_at: dict[str, datetime | None] = Field(
        description="When that was, by the database's clock."
    )


@bp.get("/healthz", responses={200: HealthAnswer}, operation_id="healthz")
def healthz() -> Any:
    """Say that the process answers. It looks at nothing else."""
    return {"status": "ok"}


@bp.get(
    "/readyz",
    responses={200: ReadyAnswer, **problem_responses("unavailable")},
    operation_id="readyz",
)
def readyz() -> Any:
    """Say whether work can be accepted and passed on at once.

    The heartbeats' ages are shown and not judged: without workers work is still accepted.
    """
    checks, ticks = _database()
    beats = {
        "heartbeat_ages": {
            name: None if tick is None else round(tick.age, 1) for name, tick in ticks.items()
        },
        "last_tick_at": {
            name: None if tick is None else tick.at.isoformat() for name, tick in ticks.items()
        },
    }
    checks["broker"] = "ok" if broker_answers() else "does not answer"
    failed = [name for name, words in checks.items() if words != "ok"]
    if failed:
        words = "; ".join(f"{name}: {checks[name]}" for name in failed)
        raise Problem(
            "unavailable",
            f"Not ready: {words}.",
            headers=RETRY_AFTER,
            checks=checks,
            **beats,
        )
    return {"status": "ready", "checks": checks, **beats}


@bp.get(
    "/metrics",
    operation_id="metrics",
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **problem_responses("unavailable"),
    },
)
def metrics() -> Response:
    """Return Prometheus metrics, counted in the database at this moment."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(DatabaseCollector())
    return Response(generate_latest(registry), HTTPStatus.OK, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _database() -> tuple[dict[str, str], dict[str, Tick | None]]:
    checks = {"database": "can't be reached", "migrations": "unknown"}
    try:
        with session_scope(read_only=True) as session:
            session.execute(sa.select(1))
            checks |= {"database": "ok", "migrations": "the tables are missing"}
            # On PostgreSQL a missing table ends the transaction, so it comes last.
            session.execute(sa.select(Publication.id).limit(1))
            ticks = last_ticks(session)
    except (sa.exc.DBAPIError, sa.exc.TimeoutError):
        return checks, {}
    return checks | {"migrations": "ok"}, ticks
