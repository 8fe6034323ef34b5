"""/metrics of sites, of the schedule and of bulk jobs: what is counted, and that it stays small."""

import pytest
import sqlalchemy as sa
from factories import make_content, make_integration, make_publication, make_site
from ingress_rows import finish
from prometheus_client.parser import text_string_to_metric_families

from beat_schedule import beat_schedule
from ingress.monitoring import site_metrics
from models import (
    EntrySource,
    EntryState,
    EventStatus,
    InboxMessage,
    Installation,
    Publication,
    PublishingSettings,
    ScheduleEntry,
    SyncEvent,
    kept_numbers,
)
from models.bulk.jobs import Selection, make_bulk_job
from models.clock import now, now_plus
from models.inbox.storing import Arrived, store_message
from models.session import session_scope
from tasks.bulk import feed


@pytest.fixture
def samples(client):
    def read():
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(client.get("/metrics").text)
            for sample in family.samples
        }

    return read


def publish_events(integration, number, status):
    with session_scope() as session:
        for _ in range(number):
            session.add(
                SyncEvent(
                    account_id=integration.account_id,
                    site_id=integration.site_id,
                    integration_id=integration.id,
                    event_type="publish",
                    action="content_publish",
                    status=status,
                    description="told",
                )
            )


def change(row, **values):
    with session_scope() as session:
        session.execute(sa.update(type(row)).where(type(row).id == row.id).values(**values))


def schedule(tenant, **values):
    with session_scope() as session:
        if session.get(PublishingSettings, tenant.site.id) is None:
            known = {"site_id": tenant.site.id, "account_id": tenant.account.id}
            session.add(PublishingSettings(**known, auto_publish_enabled=True, plan_due=False))
        entry = ScheduleEntry(
            account_id=tenant.account.id,
            site_id=tenant.site.id,
            integration_id=tenant.integration.id,
            content_id=make_content(session, session.merge(tenant.site)).id,
            source=EntrySource.APPROVAL,
            **values,
        )
        session.add(entry)


def test_publishes_of_the_last_hour_are_told_by_site_and_result(samples, tenant):
    publish_events(tenant.integration, 3, EventStatus.SUCCESS)
    publish_events(tenant.integration, 2, EventStatus.FAILED)
    with session_scope() as session:
        old = session.scalars(sa.select(SyncEvent).limit(1)).one()
        old.created_at = now_plus(-3700)

    found, site = samples(), str(tenant.site.id)

    assert found["igny8_publishes_last_hour", "published", site] == 2
    assert found["igny8_publishes_last_hour", "failed", site] == 2
    assert found["igny8_publishes_last_hour", "failed", "others"] == 0


def test_only_some_sites_have_a_label_and_those_with_failures_first(samples, tenant, monkeypatch):
    monkeypatch.setattr(site_metrics, "SITES", 2)
    with session_scope() as session:
        places = [make_integration(session, make_site(session)) for _ in range(4)]
    for place in places[:3]:
        publish_events(place, 4, EventStatus.SUCCESS)
    publish_events(places[3], 1, EventStatus.FAILED)

    found = {k: v for k, v in samples().items() if k[0] == "igny8_publishes_last_hour"}

    assert found["igny8_publishes_last_hour", "failed", str(places[3].site_id)] == 1
    assert found["igny8_publishes_last_hour", "published", "others"] == 8
    assert len(found) == 4
    assert sum(found.values()) == 13


@pytest.mark.parametrize(
    ("values", "state"),
    [
        pytest.param({}, "closed", id="closed"),
        pytest.param({"breaker_opens": 1, "breaker_open_until": now_plus(600)}, "open", id="open"),
        pytest.param(
            {"breaker_opens": 1, "breaker_open_until": now_plus(-1)}, "half_open", id="half-open"
        ),
    ],
)
def test_breakers_are_counted_by_their_state(samples, tenant, values, state):
    if values:
        change(tenant.integration, **values)

    found = samples()

    counts = {name: found["igny8_breakers", name] for name in ("closed", "open", "half_open")}
    assert counts == {"closed": 0, "open": 0, "half_open": 0} | {state: 1}


def test_what_a_suspended_site_holds_is_parked_and_not_late(samples, tenant):
    make_publication(tenant.integration)
    assert samples()["igny8_publications_due",] == 1
    change(tenant.integration, suspended_at=now())

    found = samples()

    assert (found["igny8_publications_due",], found["igny8_publications_parked",]) == (0, 1)
    assert found["igny8_oldest_due_age_seconds",] == 0


def test_what_missed_its_window_is_the_planners_and_not_due(samples, tenant):
    change(make_publication(tenant.integration), publish_until=now_plus(-1))

    assert samples()["igny8_publications_due",] == 0


def test_the_schedule_is_counted_by_state_with_its_missed_slots(samples, tenant):
    schedule(tenant)
    schedule(tenant, slot_at=now_plus(600), missed=2)
    schedule(tenant, state=EntryState.HELD, missed=1)

    found = samples()

    states = ("waiting", "planned", "held", "taken", "withdrawn")
    assert [found["igny8_schedule_entries", state] for state in states] == [1, 1, 1, 0, 0]
    assert found["igny8_slots_missed",] == 3
    assert found["igny8_slot_lag_seconds",] == 0


def test_what_has_ended_is_counted_once_a_minute_whoever_asks(samples, tenant):
    samples()
    finish(make_publication(tenant.integration).id)
    schedule(tenant, state=EntryState.TAKEN, missed=1)
    make_publication(tenant.integration)
    schedule(tenant)

    found = samples()

    assert found["igny8_publications", "queued"] == found["igny8_schedule_entries", "waiting"] == 1
    ended = ("igny8_publications", "published"), ("igny8_schedule_entries", "taken")
    assert [found[each] for each in (*ended, ("igny8_slots_missed",))] == [0, 0, 0]
    kept_numbers.forget()
    assert [samples()[each] for each in (*ended, ("igny8_slots_missed",))] == [1, 1, 1]


def test_a_slot_that_has_come_and_nobody_takes_is_late(samples, tenant):
    schedule(tenant, slot_at=now_plus(-90), slot_until=now_plus(3600))
    assert 90 <= samples()["igny8_slot_lag_seconds",] < 3600

    change(tenant.integration, suspended_at=now())
    assert samples()["igny8_slot_lag_seconds",] == 0


def test_sites_that_wait_for_their_plan_are_counted(samples, tenant):
    schedule(tenant)
    with session_scope() as session:
        session.execute(sa.update(PublishingSettings).values(plan_due=True))

    assert samples()["igny8_sites_to_plan",] == 1


def test_sites_with_an_older_plugin_are_counted(samples, tenant):
    with session_scope() as session:
        session.add(Installation(site_id=tenant.site.id, version="1.0.0", last_seen=now()))

    assert samples()["igny8_plugins_outdated",] == 1


def test_open_bulk_jobs_are_counted_and_ended_ones_are_not(samples, tenant):
    with session_scope() as session:
        make_bulk_job(session, tenant.account.id, Selection(), {})
    found = samples()
    assert found["igny8_bulk_jobs", "running"] == found["igny8_bulk_items", "waiting"] == 1

    feed()
    assert samples()["igny8_bulk_items", "accepted"] == 1
    with session_scope(read_only=True) as session:
        ids = list(session.scalars(sa.select(Publication.id)))
    for publication_id in ids:
        finish(publication_id)
    feed()

    found = samples()
    assert found["igny8_bulk_jobs", "running"] == found["igny8_bulk_items", "accepted"] == 0


def test_every_entry_of_beats_table_tells_how_often_it_runs(samples, tenant):
    found = samples()

    seconds = {key[1]: value for key, value in found.items() if key[0].endswith("interval_seconds")}
    assert seconds == {name: float(entry["schedule"]) for name, entry in beat_schedule.items()}


OFF = [
    pytest.param("integration", {"is_active": False}, id="integration-off"),
    pytest.param("site", {"is_active": False}, id="site-off"),
    pytest.param("account", {"suspended_at": now()}, id="account-suspended"),
]


@pytest.mark.parametrize(("what", "values"), OFF)
def test_a_suspended_site_that_a_person_has_switched_off_is_not_counted(
    samples, tenant, what, values
):
    change(tenant.integration, suspended_at=now_plus(-7200))
    assert samples()["igny8_suspended_integrations",] == 1

    change(getattr(tenant, what), **values)

    found = samples()
    assert found["igny8_suspended_integrations",] == found["igny8_suspended_for_an_hour",] == 0


def test_sites_that_are_suspended_for_an_hour_are_told_apart(samples, tenant):
    change(tenant.integration, suspended_at=now_plus(-3500))
    assert samples()["igny8_suspended_for_an_hour",] == 0

    change(tenant.integration, suspended_at=now_plus(-3700))

    assert samples()["igny8_suspended_for_an_hour",] == 1


@pytest.mark.parametrize(
    ("what", "values"),
    [
        *OFF,
        pytest.param("integration", {"suspended_at": now()}, id="suspended"),
        pytest.param("integration", {"breaker_opens": 1}, id="away"),
    ],
)
def test_a_webhook_that_waits_for_an_ill_site_is_not_late(samples, tenant, what, values):
    with session_scope() as session:
        store_message(session, Arrived(tenant.site.id, "status", b"{}"))
        session.execute(sa.update(InboxMessage).values(received_at=now_plus(-700)))
    assert samples()["igny8_inbox_oldest_age_seconds",] >= 700

    change(getattr(tenant, what), **values)

    assert samples()["igny8_inbox_oldest_age_seconds",] == 0
