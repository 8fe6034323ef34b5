"""Sites and integrations switched off, on again and removed: what becomes of their work."""

import pytest
import sqlalchemy as sa
from factories import make_integration, make_publication, reload
from ingress_rows import problem_of
from planned_entries import add_entry, change, every_hour, settings_for

from models import (
    ContentStatus,
    EntryState,
    Publication,
    PublicationState,
    PublishingSettings,
    ScheduleEntry,
    Site,
)
from models.clock import now_plus
from models.session import session_scope
from tasks.schedule.ticks import sweep_approved

BULK = "/api/v1/writer/bulk-publish/"


@pytest.fixture
def automatic(tenant):
    """The tenant's site, which publishes by itself and has its plan."""
    with session_scope() as session:
        site = session.get_one(Site, tenant.site.id)
        settings_for(session, site, **every_hour(), plan_due=False)
    return tenant.site


def plan_due(site):
    with session_scope(read_only=True) as session:
        return session.get_one(PublishingSettings, site.id).plan_due


def count(kind):
    with session_scope(read_only=True) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(kind))


class TestSiteSwitchedOff:
    @pytest.fixture(autouse=True)
    def off(self, tenant):
        change(tenant.site, is_active=False)

    @pytest.mark.parametrize("door", ["publish", "schedule"])
    @pytest.mark.parametrize("named", [pytest.param(True, id="named"), pytest.param(False, id="")])
    def test_a_content_is_refused(self, api, tenant, door, named):
        body = {"site_integration_id": tenant.integration.id} if named else {}
        answer = api.post(f"/api/v1/writer/content/{tenant.content.id}/{door}/", json=body)

        problem_of(answer, 403, "site_inactive")
        assert count(Publication) == count(ScheduleEntry) == 0

    def test_a_bulk_job_to_it_is_refused(self, api, tenant):
        body = {"content_ids": [tenant.content.id], "site_integration_id": tenant.integration.id}

        problem_of(api.post(BULK, json=body), 403, "site_inactive")


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        pytest.param({"is_active": False}, True, id="switched"),
        pytest.param({"name": "Another name", "is_active": True}, False, id="as-it-was"),
    ],
)
def test_a_site_that_is_switched_is_planned_anew(api, automatic, values, asked):
    assert api.patch(f"/api/v1/sites/{automatic.id}/", json=values).status_code == 200

    assert plan_due(automatic) is asked


def test_an_integration_that_is_switched_on_is_planned_anew(api, tenant, automatic):
    change(tenant.integration, is_active=False)

    api.patch(
        f"/api/v1/integration/integrations/{tenant.integration.id}/", json={"is_active": True}
    )

    assert plan_due(automatic)


class TestRemoved:
    def remove_and_connect(self, api, tenant):
        address = f"/api/v1/integration/integrations/{tenant.integration.id}/"
        assert api.delete(address).status_code == 204
        with session_scope() as session:
            make_integration(session, session.get_one(Site, tenant.site.id))
        sweep_approved()

    def in_schedule(self, content_id):
        with session_scope(read_only=True) as session:
            return session.scalar(sa.select(ScheduleEntry).filter_by(content_id=content_id))

    @pytest.mark.parametrize(
        ("values", "again"),
        [
            pytest.param({}, True, id="waiting"),
            pytest.param({"state": EntryState.HELD, "reason": "not_approved"}, True, id="held"),
            pytest.param({"state": EntryState.HELD, "reason": "held"}, False, id="by-a-person"),
            pytest.param({"state": EntryState.WITHDRAWN}, False, id="withdrawn"),
            pytest.param({"exact": True, "slot_at": now_plus(9999)}, False, id="timed-exactly"),
            pytest.param({"status": ContentStatus.REVIEW}, False, id="not-approved"),
        ],
    )
    def test_its_queue_comes_to_the_next_one(self, api, tenant, automatic, values, again):
        entry = add_entry(automatic, **values)
        with session_scope() as session:
            session.get_one(ScheduleEntry, entry.id).content.swept = True

        self.remove_and_connect(api, tenant)

        assert bool(self.in_schedule(entry.content_id)) is again

    @pytest.mark.parametrize(
        ("published", "again"),
        [
            pytest.param({"state": PublicationState.FAILED}, True, id="failed"),
            pytest.param({"state": PublicationState.QUEUED}, True, id="accepted"),
            pytest.param({"state": PublicationState.UNCONFIRMED}, False, id="may-be-there"),
            pytest.param(
                {"state": PublicationState.PUBLISHED, "external_id": "7"}, False, id="published"
            ),
            pytest.param(
                {"state": PublicationState.FAILED, "external_id": "7"}, False, id="was-published"
            ),
        ],
    )
    def test_so_does_what_never_came_to_the_site(self, api, tenant, automatic, published, again):
        publication = make_publication(tenant.integration)
        change(publication, **published)
        with session_scope() as session:
            content = session.get_one(Publication, publication.id).content
            content.swept = True
            session.add(
                ScheduleEntry(
                    account_id=content.account_id,
                    site_id=content.site_id,
                    integration_id=tenant.integration.id,
                    content_id=content.id,
                    source="approval",
                    state=EntryState.TAKEN,
                    publication_id=publication.id,
                )
            )

        self.remove_and_connect(api, tenant)

        assert bool(self.in_schedule(publication.content_id)) is again

    def test_a_removal_that_is_refused_changes_nothing(self, api, tenant, automatic):
        entry = add_entry(automatic)
        with session_scope() as session:
            content = session.get_one(ScheduleEntry, entry.id).content
            content.swept = True
        change(make_publication(tenant.integration), state=PublicationState.PUBLISHING)

        answer = api.delete(f"/api/v1/integration/integrations/{tenant.integration.id}/")

        problem_of(answer, 409, "integration_busy")
        assert reload(content).swept
