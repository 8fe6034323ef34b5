"""/healthz, /readyz and /metrics."""

import socket
from datetime import datetime

import pytest
from factories import make_publication
from ingress_rows import finish, point_celery_at, problem_of
from prometheus_client.parser import text_string_to_metric_families

import settings
from beat_schedule import beat_schedule
from models import Attempt, Base, Integration
from models import session as sessions
from models.publishing.batches import beat
from models.session import session_scope


def samples(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_alive_says_nothing_of_the_rest(client, environment):
    environment.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/none")

    assert client.get("/healthz").get_json() == {"status": "ok"}


def test_ready_when_everything_answers(client):
    with session_scope() as session:
        beat(session, "dispatch")

    body = client.get("/readyz").get_json()

    assert body["status"] == "ready"
    assert body["checks"] == {"database": "ok", "migrations": "ok", "broker": "ok"}
    assert 0 <= body["heartbeat_ages"]["dispatch"] < 60
    assert datetime.fromisoformat(body["last_tick_at"]["dispatch"]).tzinfo is not None


def test_every_periodic_task_shows_its_age_and_none_is_judged(client):
    with session_scope() as session:
        beat(session, "pulse.media")

    answer = client.get("/readyz")
    ages, ticks = (answer.get_json()[name] for name in ("heartbeat_ages", "last_tick_at"))

    assert answer.status_code == 200
    assert set(ages) == set(ticks) == set(beat_schedule)
    assert [name for name, at in ticks.items() if at is not None] == ["pulse.media"]
    assert 0 <= ages.pop("pulse.media") < 60
    assert set(ages.values()) == {None}


def test_not_ready_without_the_tables(client):
    Base.metadata.drop_all(sessions.engine())

    body = problem_of(client.get("/readyz"), 503, "unavailable")

    assert body["checks"]["database"] == "ok"
    assert body["checks"]["migrations"] == "the tables are missing"


def test_not_ready_without_the_database(client, environment):
    lose_the_database(environment)

    body = problem_of(client.get("/readyz"), 503, "unavailable")

    assert body["checks"]["database"] == "can't be reached"
    assert "database" in body["detail"]


def test_not_ready_without_the_broker(client, environment):
    point_celery_at(environment, "redis://127.0.0.1:1/0")

    body = problem_of(client.get("/readyz"), 503, "unavailable")

    assert body["checks"] == {
        "database": "ok",
        "migrations": "ok",
        "broker": "does not answer",
    }


@pytest.mark.timeout(20)
def test_a_frozen_broker_does_not_hold_the_probe(client, environment):
    with socket.socket() as frozen:
        frozen.bind(("127.0.0.1", 0))
        frozen.listen()
        point_celery_at(environment, f"redis://127.0.0.1:{frozen.getsockname()[1]}/0")

        problem_of(client.get("/readyz"), 503, "unavailable")


def test_metrics_count_what_the_database_holds(client, tenant):
    make_publication(tenant.integration)
    finish(make_publication(tenant.integration).id)
    with session_scope() as session:
        values = {"integration_id": tenant.integration.id, "method": "POST", "path": "/x"}
        session.add(Attempt(**values, status_code=201, duration_ms=5))
        session.add(Attempt(**values, status_code=None, error="timeout", duration_ms=5))
        beat(session, "rescue")
        place = session.get_one(Integration, tenant.integration.id)
        place.breaker_opens, place.slowness = 1, 2

    found = samples(client)

    assert found["igny8_publications", "queued"] == 1
    assert found["igny8_publications", "published"] == 1
    assert found["igny8_publications", "failed"] == 0
    assert found["igny8_publications_due",] == 1
    assert found["igny8_oldest_due_age_seconds",] >= 0
    assert found["igny8_attempts_total",] == 2
    assert found["igny8_recent_attempts", "2xx"] == 1
    assert found["igny8_recent_attempts", "none"] == 1
    assert found["igny8_suspended_integrations",] == 0
    assert found["igny8_census_findings", "lost"] == 0
    assert found["igny8_breaker_open",] == 1
    assert found["igny8_sites_slowed",] == 1
    assert found["igny8_heartbeat_age_seconds", "rescue"] >= 0


def test_metrics_without_the_database_are_a_problem(client, environment):
    lose_the_database(environment)

    problem_of(client.get("/metrics"), 503, "unavailable")


def lose_the_database(environment):
    sessions.engine().dispose()
    environment.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    settings.current.cache_clear()
    sessions.engine.cache_clear()
