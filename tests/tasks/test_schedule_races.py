"""The schedule and a person want the same content at the same time: it goes out once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from chains import run_due
from factories import make_content
from planned_entries import every_hour, settings_for

from models import Content, EntryState, Integration, Publication, ScheduleEntry, Site
from models.publishing.accepting import Wanted, accept_publish
from models.schedule.approved_sweep import schedule_approved
from models.session import session_scope
from tasks.schedule.due_slots import take_due_slots
from tasks.schedule.planning import plan_slots

CONTENTS = 6


@pytest.fixture
def contents(integration):
    """Approved contents of a site that publishes by itself, as fast as they come."""
    with session_scope() as session:
        site = session.get_one(Site, integration.site_id)
        settings_for(session, site, **every_hour(minimum_gap_minutes=0))
        return [make_content(session, site, f"Title {n}").id for n in range(CONTENTS)]


def schedule():
    """What the ticks do, one after the other: into the schedule, a slot, out."""
    with session_scope() as session:
        schedule_approved(session, CONTENTS)
    plan_slots()
    take_due_slots()


def publish_by_hand(integration, content_id):
    with session_scope() as session:
        place = session.get_one(Integration, integration.id)
        accept_publish(session, session.get_one(Content, content_id), place, Wanted())


def together(*works):
    """Let each work begin at the same moment, in a thread of its own; raise what one raised."""
    start = threading.Barrier(len(works))

    def run(work):
        start.wait()
        work()

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(run, work) for work in works]:
            done.result()


def rows(kind):
    with session_scope(read_only=True) as session:
        return list(session.scalars(sa.select(kind).order_by(kind.content_id)))


def by_hand_all(integration, contents):
    for content_id in contents:
        publish_by_hand(integration, content_id)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param([], id="the-sweep"),
        pytest.param([schedule_approved], id="the-plan"),
        pytest.param([schedule_approved, plan_slots], id="the-slot"),
    ],
)
def test_a_content_that_both_want_is_one_publication_one_post_and_one_entry(
    integration, simulated_site, contents, before
):
    for step in before:
        if step is schedule_approved:
            with session_scope() as session:
                step(session, CONTENTS)
        else:
            step()

    together(
        schedule,
        schedule,
        lambda: by_hand_all(integration, contents),
        lambda: by_hand_all(integration, contents[::-1]),
    )
    schedule()
    while run_due():
        pass
    schedule()

    publications, entries = rows(Publication), rows(ScheduleEntry)
    assert [each.content_id for each in publications] == contents
    assert {each.revision for each in publications} == {1}
    assert len(simulated_site.posts) == CONTENTS
    assert len({each.content_id for each in entries}) == len(entries)
    assert {each.state for each in entries} <= {EntryState.TAKEN}
    by_content = {each.content_id: each.id for each in publications}
    assert all(each.publication_id == by_content[each.content_id] for each in entries)
