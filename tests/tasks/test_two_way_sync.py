"""What a site tells while two-way sync is off: where a post stands, not what is in it."""

import pytest
from chains import run_due
from factories import make_publication
from inbox_messages import events, message, publication, read_inbox, store, store_webhooks

from models import Integration, SiteStructure
from models.session import session_scope

SECRET = "whsec_" + "c2VjcmV0" * 6
EDITED, TERMS = "As an editor wrote it", ["News"]


@pytest.fixture
def published(integration, simulated_site):
    simulated_site.pair("http://engine.example", integration.site_id, SECRET)
    made = make_publication(integration)
    run_due()
    return made


@pytest.fixture
def post_id(published):
    return int(publication(published).external_id)


def switch(integration, *, ours, plugins, sync=True):
    """Set the three switches; None: nobody has."""
    config = {} if ours is None else {"two_way_sync_enabled": ours}
    with session_scope() as session:
        row = session.get_one(Integration, integration.id)
        row.config_json, row.sync_enabled = {**row.config_json, **config}, sync
        if plugins is not None:
            session.add(SiteStructure(integration_id=row.id, two_way_sync_enabled=plugins))


def edit(integration, site, post_id):
    """An editor changes all there is; return the two messages of it."""
    store_webhooks(integration, site.take_webhooks())
    read_inbox()
    site.assign(post_id, categories=TERMS, tags=[])
    site.edit(post_id, title=EDITED, status="draft")
    ids = store_webhooks(integration, site.take_webhooks())
    read_inbox()
    return [message(id_) for id_ in ids]


def taken_over(row):
    kept = publication(row).remote_metadata or {}
    return kept.get("title") == EDITED, kept.get("categories") == TERMS


@pytest.mark.parametrize(
    ("ours", "plugins", "expected"),
    [
        pytest.param(True, True, True, id="both-on"),
        pytest.param(None, None, True, id="nobody-has-said"),
        pytest.param(None, True, True, id="the-plugin-alone-has-said"),
        pytest.param(False, True, False, id="off-here"),
        pytest.param(True, False, False, id="off-in-the-plugin"),
        pytest.param(None, False, False, id="off-in-the-plugin-alone"),
    ],
)
def test_title_and_terms_are_taken_over_where_all_switches_are_on(
    integration, simulated_site, published, post_id, ours, plugins, expected
):
    switch(integration, ours=ours, plugins=plugins)

    edit(integration, simulated_site, post_id)

    assert taken_over(published) == (expected, expected)
    assert publication(published).external_status == "draft", "that is news, not an edit"


def test_what_is_not_taken_over_is_told_in_an_event(
    integration, simulated_site, published, post_id
):
    switch(integration, ours=False, plugins=True)

    told = edit(integration, simulated_site, post_id)

    (ignored,) = [each for each in told if each.door == "metadata"]
    assert ignored.state.value == "ignored"
    assert "two-way sync is switched off" in ignored.reason
    (event,) = [each for each in events() if each.event_type == "metadata_sync"]
    assert (event.status.value, event.details["reason"]) == ("skipped", ignored.reason)


def test_what_the_site_is_asked_for_is_no_way_around(
    integration, simulated_site, published, post_id
):
    switch(integration, ours=False, plugins=True)
    simulated_site.assign(post_id, categories=TERMS, tags=[])
    simulated_site.edit(post_id, title=EDITED, status="draft")

    said = {"action": "post_updated", "post_id": post_id, "site_url": simulated_site.url}
    store(integration, said, door="generic")
    read_inbox()

    assert taken_over(published) == (False, False)
    assert publication(published).external_status == "draft"


class TestTheSingleAddress:
    """Its messages are sorted by their action (C4)."""

    def tell(self, integration, site, post_id, action):
        said = {"action": action, "post_id": post_id, "site_url": site.url}
        id_ = store(integration, said, door="generic")
        read_inbox()
        return message(id_), events()[-1]

    @pytest.mark.parametrize(
        ("action", "event_type", "event_action"),
        [
            pytest.param("post_updated", "webhook", "status_update", id="status"),
            pytest.param("trashed", "webhook", "status_update", id="without-post"),
            pytest.param("post_meta_updated", "metadata_sync", "metadata_update", id="metadata"),
        ],
    )
    def test_an_action_that_is_known(
        self, integration, simulated_site, published, post_id, action, event_type, event_action
    ):
        simulated_site.edit(post_id, status="draft")

        told, event = self.tell(integration, simulated_site, post_id, action)

        assert told.state.value == "applied"
        assert (event.event_type, event.action) == (event_type, event_action)

    def test_metadata_is_held_to_the_same_switches(
        self, integration, simulated_site, published, post_id
    ):
        switch(integration, ours=False, plugins=True)

        told, _ = self.tell(integration, simulated_site, post_id, "metadata_updated")

        assert "two-way sync is switched off" in told.reason

    @pytest.mark.parametrize("action", ["post_liked", "post_", "UPDATED", "x" * 300])
    def test_an_action_that_is_not_known_is_skipped_and_told(
        self, integration, simulated_site, published, post_id, action
    ):
        simulated_site.edit(post_id, status="draft")

        told, event = self.tell(integration, simulated_site, post_id, action)

        assert (told.state.value, event.status.value) == ("ignored", "skipped")
        assert "post_" in event.details["reason"]
        assert publication(published).external_status == "publish"
