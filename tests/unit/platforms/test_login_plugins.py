"""Login plugins of a site: those that refuse our Bearer, and those that shut its REST API."""

import uuid
from dataclasses import replace

import pytest
from factories import SITE_KEY

from pipeline.diagnosis import Facts
from pipeline.errors import CredentialsRejected, SiteError
from platforms.base import Target
from platforms.probing import probe_bridge
from platforms.wordpress import WordPressBridge

pytestmark = pytest.mark.usefixtures("sqlite_database")


@pytest.fixture
def target(simulated_site):
    return Target(1, "wordpress", simulated_site.url, SITE_KEY)


@pytest.fixture
def site(target):
    return WordPressBridge(target)


def document(content_id=7):
    return {
        "publication_key": str(uuid.uuid4()),
        "fence": 1,
        "revision": 1,
        "fingerprint": "a" * 64,
        "content_id": content_id,
        "title": "A walk",
        "content_html": "<p>Along the Spree.</p>",
        "status": "publish",
    }


def statuses(site):
    return [exchange.status_code for exchange in site.exchanges]


def test_a_bearer_that_another_plugin_refuses_is_left_out_from_then_on(site, turn_dial):
    turn_dial(kind="bearer_refused")

    assert site.publish(document()).finished
    assert site.publish(document(8)).finished
    assert statuses(site) == [403, 201, 201]


def test_the_sites_own_refusal_is_told_without_the_bearer_too(target, turn_dial):
    turn_dial(kind="bearer_refused")

    with pytest.raises(CredentialsRejected):
        WordPressBridge(replace(target, api_key="igny8_live_wrong")).status()


def test_a_refusal_that_has_nothing_to_do_with_the_bearer_is_named(site, turn_dial):
    turn_dial(kind="status", code=401, body="json", path="")

    with pytest.raises(SiteError, match="simulated_fault") as refused:
        site.publish(document())
    assert refused.value.code == "blocked"
    with pytest.raises(SiteError):
        site.status()
    assert statuses(site) == [401, 401, 401, 401], "post, post without Bearer, sample, status"


def test_the_bridges_own_refusal_is_not_asked_twice(target):
    stranger = WordPressBridge(replace(target, api_key="igny8_live_wrong"))

    with pytest.raises(CredentialsRejected):
        stranger.status()
    assert statuses(stranger) == [401]


def test_a_connection_test_gets_in_and_says_nothing_of_the_header(target, turn_dial):
    turn_dial(kind="bearer_refused")
    facts = probe_bridge(target, Facts(rest_route="path", bridge=True))

    assert (facts.key_accepted, facts.authorization_stripped) == (True, None)
    assert facts.write_refused is None


def test_a_connection_test_does_not_blame_our_key_for_another_plugin(target, turn_dial):
    turn_dial(kind="status", code=401, body="json", path="/igny8/v1/status")
    facts = probe_bridge(target, Facts(rest_route="path", bridge=True))

    assert (facts.key_accepted, facts.bridge_status) == (False, 403)
