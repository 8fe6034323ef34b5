"""An automation has ended: its contents are approved and scheduled by one request."""

import pytest
import sqlalchemy as sa
from factories import make_content, reload
from ingress_rows import problem_of

from models import ContentStatus, EntrySource, ScheduleEntry
from models.plan_requests import ensure_settings
from models.session import session_scope

ADDRESS = "/api/v1/integration/automation-runs/finished/"


def entries():
    with session_scope(read_only=True) as session:
        return list(session.scalars(sa.select(ScheduleEntry).order_by(ScheduleEntry.id)))


def body_of(tenant, *ids, **values):
    return {"site_id": tenant.site.id, "run_id": "run-1", "content_ids": list(ids), **values}


@pytest.fixture
def reviewed(tenant):
    with session_scope() as session:
        return make_content(session, tenant.site, status=ContentStatus.REVIEW)


def publish_by_itself(tenant):
    with session_scope() as session:
        ensure_settings(session, tenant.site).auto_publish_enabled = True


def test_its_contents_are_approved_and_scheduled_at_once(api, tenant, reviewed):
    publish_by_itself(tenant)

    answer = api.post(ADDRESS, json=body_of(tenant, reviewed.id, 999_999))

    assert answer.status_code == 202
    assert answer.get_json() == {
        "run_id": "run-1",
        "auto_publish_enabled": True,
        "approved": [reviewed.id],
        "scheduled": [reviewed.id],
        "left": [999_999],
    }
    [entry] = entries()
    assert (entry.automation_run_id, entry.source) == ("run-1", EntrySource.AUTOMATION)


def test_telling_it_twice_does_it_once(api, tenant, reviewed):
    publish_by_itself(tenant)
    body = body_of(tenant, reviewed.id)

    api.post(ADDRESS, json=body)
    second = api.post("/api/v1/integration/automation_runs/finished/", json=body)

    assert second.get_json()["left"] == [reviewed.id]
    assert len(entries()) == 1


def test_a_site_that_publishes_nothing_by_itself_gets_the_approval(api, tenant, reviewed):
    body = api.post(ADDRESS, json=body_of(tenant, reviewed.id)).get_json()

    assert (body["auto_publish_enabled"], body["scheduled"]) == (False, [])
    assert reload(reviewed).status is ContentStatus.APPROVED


def test_another_tenants_site_is_not_there(api, tenant, stranger, reviewed):
    body = body_of(tenant, reviewed.id, site_id=stranger.site.id)
    problem_of(api.post(ADDRESS, json=body), 404, "not_found")


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"content_ids": []}, id="none"),
        pytest.param({"content_ids": list(range(1, 1002))}, id="too-many"),
        pytest.param({"content_ids": ["1"]}, id="text"),
        pytest.param({"run_id": ""}, id="no-run"),
        pytest.param({"site_id": 0}, id="no-site"),
    ],
)
def test_what_makes_no_sense_is_refused(api, tenant, wrong):
    problem_of(api.post(ADDRESS, json=body_of(tenant, 1) | wrong), 400, "invalid_fields")
