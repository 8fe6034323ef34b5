"""What becomes of webhooks, link by link: applied, settled by asking, echoed, parked, refused."""

import pytest
import sqlalchemy as sa
from chains import run_due
from factories import make_publication
from inbox_messages import (
    LINKS,
    events,
    make_due,
    message,
    publication,
    read_inbox,
    states,
    store,
    store_webhooks,
)

from models import Integration, Publication, PublicationState, Site
from models.inbox.batches import MOST_ATTEMPTS
from models.inbox.replaying import Chosen, replay
from models.session import session_scope
from pipeline.settling import MOST_PARKS
from simulators.messages import no_route
from tasks.inbox import gate as inbox

SECRET = "whsec_" + "c2VjcmV0" * 6


@pytest.fixture
def published(integration, simulated_site):
    """A publication that the site shows; the site keeps its events from now on."""
    simulated_site.pair("http://engine.example", integration.site_id, SECRET)
    made = make_publication(integration)
    run_due()
    return made


@pytest.fixture
def post_id(published):
    return int(publication(published).external_id)


def tell(integration, simulated_site, **mix):
    """Bring what the site has to tell, and read it."""
    ids = store_webhooks(integration, simulated_site.take_webhooks(**mix))
    read_inbox()
    return ids


def body(site, row, **more):
    """What a plugin without ids and counts sends (S197)."""
    return {
        "post_id": int(row.external_id or 77),
        "content_id": row.content_id,
        "post_status": "draft",
        "post_url": f"{site.url}/?p=77",
        "post_title": "A title",
        "site_url": site.url,
    } | more


def test_our_own_publish_comes_back_as_an_echo(integration, simulated_site, published):
    before = publication(published)
    tell(integration, simulated_site)

    after = publication(published)
    assert states() == ["echo"]
    assert after.remote_sequence == 1
    assert (after.state, after.external_status) == (PublicationState.PUBLISHED, "publish")
    assert after.revision == before.revision
    assert [(each.status.value, each.action) for each in events()] == [("skipped", "status_update")]


def test_an_editors_change_of_status_is_written_down(
    integration, simulated_site, published, post_id
):
    tell(integration, simulated_site)
    simulated_site.edit(post_id, status="draft", title="Another <b>title</b>")
    tell(integration, simulated_site)

    row = publication(published)
    assert states() == ["echo", "applied"]
    assert (row.external_status, row.remote_metadata["title"]) == ("draft", "Another title")
    assert (row.state, row.remote_sequence) == (PublicationState.PUBLISHED, 2)
    assert row.remote_seen_at is not None
    event = events()[-1]
    assert (event.status.value, event.event_type, event.content_id, event.external_id) == (
        "success",
        "webhook",
        published.content_id,
        str(post_id),
    )
    assert event.details["wordpress_status"] == "draft"


class TestAnIntegrationWhoseSyncIsOff:
    """S16, C30: what a site tells is kept, and changes nothing."""

    @pytest.fixture
    def trashed(self, integration, simulated_site, published, post_id):
        """Return the message of a trashed post, which came while the sync was off."""
        tell(integration, simulated_site)
        switch(False)
        simulated_site.trash(post_id)
        return tell(integration, simulated_site)[-1]

    def test_what_the_site_tells_is_kept_and_not_applied(self, published, trashed):
        assert message(trashed).state.value == "ignored"
        assert "switched off" in message(trashed).reason
        assert message(trashed).body
        row = publication(published)
        assert (row.state, row.external_status) == (PublicationState.PUBLISHED, "publish")
        assert events()[-1].details["reason"] == message(trashed).reason

    def test_switched_on_again_it_can_be_read_once_more(self, published, trashed):
        switch(True)
        with session_scope() as session:
            replay(session, Chosen(ids=[trashed]))
        read_inbox()

        assert publication(published).external_status == "trash"

    def test_what_a_person_publishes_goes_out(self, integration, simulated_site):
        switch(False)

        made = make_publication(integration)
        run_due()

        assert publication(made).state is PublicationState.PUBLISHED


def switch(enabled):
    with session_scope() as session:
        session.execute(sa.update(Integration).values(sync_enabled=enabled))


def test_terms_and_author_are_written_down(integration, simulated_site, published, post_id):
    simulated_site.assign(post_id, categories=["News", "R&D"], tags=["one"])
    tell(integration, simulated_site)

    kept = publication(published).remote_metadata
    assert kept["categories"] == ["News", "R&D"]
    assert kept["tags"] == ["one"]
    assert kept["author"] == {"id": 1, "name": "admin"}
    assert "metadata_sync" in {each.event_type for each in events()}


def test_a_deleted_post_stays_deleted(integration, simulated_site, published, post_id):
    tell(integration, simulated_site)
    simulated_site.edit(post_id, title="Late")
    late = simulated_site.take_webhooks()
    simulated_site.delete(post_id)
    tell(integration, simulated_site)
    store_webhooks(integration, late)
    read_inbox()

    assert publication(published).external_status == "gone"
    assert states()[-1] == "ignored"


@pytest.mark.parametrize("seed", range(4))
def test_messages_in_any_order_end_as_the_site_is(
    integration, simulated_site, published, post_id, seed
):
    simulated_site.edit(post_id, status="draft")
    simulated_site.edit(post_id, status="pending")
    simulated_site.trash(post_id)
    simulated_site.untrash(post_id)
    simulated_site.edit(post_id, status="private")
    tell(integration, simulated_site, shuffled=True, duplicated=0.5, seed=seed)

    row = publication(published)
    assert (row.external_status, row.remote_sequence) == ("private", 6)
    assert set(states()) <= {"applied", "ignored", "echo"}


def test_a_plugin_that_only_hints_is_answered_by_a_question(
    integration, simulated_site, published, post_id
):
    row = publication(published)
    simulated_site.edit(post_id, status="pending")
    simulated_site.take_webhooks()
    store(integration, body(simulated_site, row, post_status="trash"))
    read_inbox()

    assert publication(published).external_status == "pending"
    assert states() == ["applied"]
    again = store(integration, body(simulated_site, row, post_status="trash"))
    read_inbox()
    assert message(again).state.value == "ignored"


def test_the_single_address_is_a_hint_by_post_alone(
    integration, simulated_site, published, post_id
):
    simulated_site.edit(post_id, status="future")
    said = {"action": "post_updated", "post_id": post_id, "post_type": "post"}
    store(integration, said | {"site_url": simulated_site.url}, door="generic")
    read_inbox()

    assert publication(published).external_status == "future"


def test_a_bridge_that_does_not_tell_posts_is_asked_by_key(
    integration, simulated_site, published, post_id, monkeypatch
):
    def no_such_route(*_):
        raise no_route()

    monkeypatch.setattr("simulators.events.Events.show_state", no_such_route)
    simulated_site.edit(post_id, status="draft")
    store(integration, body(simulated_site, publication(published)))
    read_inbox()

    assert publication(published).external_status == "draft"


def test_what_comes_before_our_own_commit_waits_for_it(integration, simulated_site):
    made = make_publication(integration)
    store(integration, body(simulated_site, made, publication_key=made.key))
    read_inbox()

    assert states() == ["waiting"]
    assert publication(made).external_id is None
    run_due()
    make_due()
    read_inbox()
    assert (states(), publication(made).external_status) == (["ignored"], "publish")


def test_what_waits_for_a_commit_waits_for_so_long_and_no_longer(integration, simulated_site):
    made = make_publication(integration)
    id_ = store(integration, body(simulated_site, made, publication_key=made.key))
    for _ in range(MOST_PARKS):
        read_inbox()
        make_due()
    assert (message(id_).state.value, message(id_).parks) == ("waiting", MOST_PARKS)
    read_inbox()

    assert states() == ["ignored"]  # the site was asked, and knows no such post
    assert publication(made).external_id is None


def test_a_site_that_is_away_costs_no_attempt(integration, simulated_site, published):
    id_ = store(integration, body(simulated_site, publication(published)))
    simulated_site.stop()
    read_inbox()

    found = message(id_)
    assert (found.state.value, found.attempts) == ("waiting", 0)
    assert "could not connect" in found.reason
    simulated_site.start()
    make_due()
    read_inbox()
    assert states() == ["applied"]


def test_a_message_that_fails_again_and_again_is_dead_and_told_of(
    integration, simulated_site, published, turn_dial
):
    turn_dial(kind="status", code=400, body="json", path="/post-state$")
    id_ = store(integration, body(simulated_site, publication(published)))
    for _ in range(MOST_ATTEMPTS):
        assert states() == ["waiting"]
        read_inbox()
        make_due()

    assert states() == ["dead"]
    assert events()[-1].status.value == "failed"
    assert events()[-1].error_message == message(id_).reason


def test_a_suspended_site_is_not_asked_and_no_attempt_is_counted(
    integration, simulated_site, published
):
    with session_scope() as session:
        session.execute(sa.update(Integration).values(suspended_at=sa.func.now()))
    asked = len(simulated_site.requests)
    id_ = store(integration, body(simulated_site, publication(published)))
    read_inbox()

    assert (message(id_).state.value, message(id_).attempts) == ("waiting", 0)
    assert len(simulated_site.requests) == asked


@pytest.mark.parametrize("owner", [Site, Integration])
def test_messages_of_what_is_switched_off_wait_unread(
    integration, simulated_site, published, owner
):
    id_ = store(integration, body(simulated_site, publication(published)))
    with session_scope() as session:
        session.execute(sa.update(owner).values(is_active=False))

    assert read_inbox() == []
    assert message(id_).state.value == "waiting"


def test_a_lost_worker_gives_its_messages_back(integration, simulated_site, published):
    id_ = store(integration, body(simulated_site, publication(published)))
    read_inbox(links=())
    with session_scope() as session:
        session.execute(sa.text("UPDATE inbox_messages SET leased_until = NULL"))
    inbox.rescue()

    assert (message(id_).state.value, message(id_).attempts) == ("waiting", 1)


def test_a_late_worker_writes_nothing(integration, simulated_site, published):
    store(integration, body(simulated_site, publication(published)))
    (late,) = inbox.claim_waiting()
    with session_scope() as session:
        session.execute(sa.text("UPDATE inbox_messages SET leased_until = NULL"))
    inbox.rescue()
    (claim,) = inbox.claim_waiting()
    for link in LINKS:
        link(late.batch_id)

    assert states() == ["reading"]
    for link in LINKS:
        link(claim.batch_id)
    assert states() == ["applied"]


@pytest.mark.parametrize("again", range(3))
def test_each_link_may_run_twice(integration, simulated_site, published, post_id, again):
    simulated_site.edit(post_id, status="draft")
    store_webhooks(integration, simulated_site.take_webhooks())
    links = [link for n, link in enumerate(LINKS) for _ in range(1 + (n == again))]
    read_inbox(links)

    assert publication(published).external_status == "draft"
    assert len(events()) == len(states())


def test_a_webhook_starts_no_publish(integration, simulated_site, published, post_id):
    simulated_site.trash(post_id)
    tell(integration, simulated_site)

    row = publication(published)
    assert (row.state, row.external_status) == (PublicationState.PUBLISHED, "trash")
    assert run_due() == []
    with session_scope(read_only=True) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Publication)) == 1


def test_messages_of_a_site_without_an_integration_end_and_stand_in_the_log(
    integration, simulated_site, capfd
):
    """An event stands at an integration, so there is no place for one."""
    id_ = store(integration, {"post_id": 7, "site_url": simulated_site.url})
    with session_scope() as session:
        session.execute(sa.delete(Integration))

    read_inbox()

    assert (message(id_).state.value, message(id_).reason) == (
        "ignored",
        "the site has no integration",
    )
    assert "inbox.no_integration" in "".join(capfd.readouterr())
