"""What sites have told, as the API and the metrics show it."""

import pytest
import sqlalchemy as sa
from factories import make_publication
from ingress_rows import finish

from models import InboxMessage, Publication
from models.clock import now_plus
from models.inbox.storing import Arrived, store_message
from models.session import session_scope

LIST = "/api/v1/writer/content/"


@pytest.fixture
def content(tenant):
    """A content that a site shows."""
    made = make_publication(tenant.integration)
    finish(made.id)
    return made


def tell(row, **values):
    with session_scope() as session:
        session.execute(sa.update(Publication).where(Publication.id == row.id).values(**values))


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("publish", "published"),
        ("private", "published"),
        ("inherit", "published"),
        (None, "published"),
        ("pending", "review"),
        ("future", "review"),
        ("draft", "draft"),
        ("trash", "draft"),
        ("gone", "draft"),
    ],
)
def test_a_content_is_shown_and_listed_as_its_post_is(api, content, told, shown):
    tell(content, external_status=told)
    lists = {
        status: [each["id"] for each in api.get(f"{LIST}?status={status}").get_json()["results"]]
        for status in ("published", "review", "draft", "approved")
    }

    answer = api.get(f"{LIST}{content.content_id}/").get_json()
    assert answer["status"] == shown
    assert answer["publications"][0]["metadata"]["wordpress_status"] == told
    assert [status for status, ids in lists.items() if content.content_id in ids] == [shown]


def test_what_was_never_published_is_listed_as_it_is_here(api, tenant):
    ids = [each["id"] for each in api.get(f"{LIST}?status=approved").get_json()["results"]]

    assert ids == [tenant.content.id]


def test_terms_and_author_are_shown(api, content):
    kept = {"title": "A", "categories": ["News"], "tags": [], "mark": {"sequence": 1}}
    tell(content, remote_metadata=kept, remote_seen_at=sa.func.now())

    told = api.get(f"{LIST}{content.content_id}/").get_json()["publications"][0]["metadata"]

    assert told["wp_metadata"] == {"title": "A", "categories": ["News"], "tags": []}
    assert told["last_wp_sync"] is not None


def test_the_inbox_is_measured(client, tenant):
    with session_scope() as session:
        for number in range(3):
            store_message(session, Arrived(tenant.site.id, "status", b"%d" % number))
        values = {"received_at": now_plus(-600)}
        session.execute(sa.update(InboxMessage).values(**values))
        dead = sa.update(InboxMessage).filter_by(id=1)
        session.execute(dead.values(state="dead", finished_at=now_plus(-5)))

    lines = client.get("/metrics").text.splitlines()
    found = dict(line.rsplit(" ", 1) for line in lines if line.startswith("igny8_inbox"))

    assert found['igny8_inbox_messages{state="waiting"}'] == "2.0"
    assert found['igny8_inbox_messages{state="dead"}'] == "1.0"
    assert 600 <= float(found["igny8_inbox_oldest_age_seconds"]) < 1200
