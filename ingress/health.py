"""For whoever watches the process: /healthz, /readyz and /metrics. Open, and without a tenant."""

from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import BaseModel
from sqlalchemy.orm import Session

from ingress.broker import broker_answers
from ingress.errors import RETRY_AFTER, Problem, problem_responses
from ingress.metrics import DatabaseCollector
from models import Heartbeat, Publication
from models.clock import now
from models.session import session_scope
from tasks.heartbeat import intervals

bp = APIBlueprint("health", __name__, abp_tags=[Tag(name="health", description="For monitoring")])


class HealthAnswer(BaseModel):
    status: str


class ReadyAnswer(BaseModel):
    """Each check's words; a heartbeat's are the seconds since its task last ran to its end.

    Every entry of beat's table is there; null: it has not run yet.
    """

    status: str
    checks: dict[str, str]
    heartbeat_ages: dict[str, float | None]


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
    checks, ages = _database()
    checks["broker"] = "ok" if broker_answers() else "does not answer"
    failed = [name for name, words in checks.items() if words != "ok"]
    if failed:
        words = "; ".join(f"{name}: {checks[name]}" for name in failed)
        raise Problem(
            "unavailable",
            f"Not ready: {words}.",
            headers=RETRY_AFTER,
            checks=checks,
            heartbeat_ages=ages,
        )
    return {"status": "ready", "checks": checks, "heartbeat_ages": ages}


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


def _database() -> tuple[dict[str, str], dict[str, float | None]]:
    checks = {"database": "can't be reached", "migrations": "unknown"}
    try:
        with session_scope(read_only=True) as session:
            session.execute(sa.select(1))
            checks |= {"database": "ok", "migrations": "the tables are missing"}
            # On PostgreSQL a missing table ends the transaction, so it comes last.
            session.execute(sa.select(Publication.id).limit(1))
            ages = heartbeat_ages(session)
    except (sa.exc.DBAPIError, sa.exc.TimeoutError):
        return checks, {}
    return checks | {"migrations": "ok"}, ages


def heartbeat_ages(session: Session) -> dict[str, float | None]:
    """Return the seconds since each periodic task ran to its end, by the database's clock."""
    rows = session.execute(sa.select(Heartbeat.name, Heartbeat.at, now()))
    ages = {name: round((present - at).total_seconds(), 1) for name, at, present in rows}
    return {**dict.fromkeys(intervals()), **ages}
