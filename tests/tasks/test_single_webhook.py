"""The single address of webhooks: its messages are sorted by their action (C4)."""

import pytest
from chains import run_due
from factories import make_publication
from inbox_messages import events, message, publication, read_inbox, store

SECRET = "whsec_" + "c2VjcmV0" * 6


@pytest.fixture
def published(integration, simulated_site):
    simulated_site.pair("http://engine.example", integration.site_id, SECRET)
    made = make_publication(integration)
    run_due()
    return made


@pytest.fixture
def post_id(published):
    return int(publication(published).external_id)


def tell(integration, site, post_id, action):
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
    integration, simulated_site, published, post_id, action, event_type, event_action
):
    simulated_site.edit(post_id, status="draft")

    told, event = tell(integration, simulated_site, post_id, action)

    assert told.state.value == "applied"
    assert (event.event_type, event.action) == (event_type, event_action)


@pytest.mark.parametrize("action", ["post_liked", "post_", "UPDATED", "x" * 300])
def test_an_action_that_is_not_known_is_skipped_and_told(
    integration, simulated_site, published, post_id, action
):
    simulated_site.edit(post_id, status="draft")

    told, event = tell(integration, simulated_site, post_id, action)

    assert (told.state.value, event.status.value) == ("ignored", "skipped")
    assert "post_" in event.details["reason"]
    assert publication(published).external_status == "publish"
