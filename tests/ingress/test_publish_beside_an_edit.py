"""Only what is approved goes out, though an editor takes it back at the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from factories import make_content
from planned_entries import add_entry, settings_for
from servers import wait_until

from cli.publish_requests import request_publish
from models import Content, ContentStatus, EntrySource, Publication, Site
from models.bulk.feeding import feed_place, feeding_places
from models.bulk.jobs import Selection, make_bulk_job
from models.clock import now_plus
from models.publishing.accepting import Wanted
from models.session import session_scope
from tasks.schedule.due_slots import take_due_slots

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

LOCKED = """
select count(*) from pg_stat_activity
where wait_event_type = 'Lock' and datname = current_database()
"""


def by_request(api, tenant):
    answer = api.post(f"/api/v1/writer/content/{tenant.content.id}/publish/")
    assert answer.get_json()["code"] == "not_approved"


def by_command(api, tenant):
    asked = request_publish(tenant.integration.id, [tenant.content.id], Wanted(), any_status=False)
    assert asked.left_out == 1


def by_bulk_job(api, tenant):
    with session_scope() as session:
        make_bulk_job(session, tenant.account.id, Selection([tenant.content.id]), {})
        (place,) = feeding_places(session)
    with session_scope() as session:
        feed_place(session, place)


@pytest.mark.parametrize("publish", [by_request, by_command, by_bulk_job])
def test_a_text_that_is_set_back_to_draft_meanwhile_is_not_accepted(api, tenant, publish):
    with ThreadPoolExecutor(1) as caller:
        with session_scope() as session:
            set_back(session, tenant.content)
            asked = caller.submit(publish, api, tenant)
            wait_until(somebody_waits, what="the caller at the lock")
        asked.result()

    assert publications() == 0


def test_a_slot_waits_while_somebody_changes_its_text(tenant):
    with session_scope() as session:
        settings_for(session, session.get_one(Site, tenant.site.id))
    entry = add_entry(
        tenant.site, source=EntrySource.PERSON, exact=True, reason="exact", slot_at=now_plus(-1)
    )
    with session_scope() as session:
        set_back(session, session.get_one(Content, entry.content_id))
        assert take_due_slots() == 0

    assert take_due_slots() == 0
    assert publications() == 0


def somebody_waits():
    with session_scope(read_only=True) as session:
        return session.scalar(sa.text(LOCKED))


def set_back(session, content):
    """Do what an editor's PATCH does, up to its commit."""
    query = sa.select(Content).filter_by(id=content.id).with_for_update()
    found = session.scalars(query).one()
    make_content(session, found.site, "Not ready", content=found, status=ContentStatus.DRAFT)


def publications():
    with session_scope(read_only=True) as session:
        return session.scalar(sa.select(sa.func.count(Publication.id)))
