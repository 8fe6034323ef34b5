"""What a probe and a structure sync see of a site, simulated and real."""

import pytest
from sites import KEY

import platforms
from pipeline.diagnosis import Facts, Wants, diagnose, first_failing
from pipeline.structures import Structure
from platforms import Target
from platforms.handshakes import probe_network
from platforms.probing import probe_bridge, probe_wordpress

pytestmark = pytest.mark.usefixtures("sqlite_database")
WANTS = Wants("1.4.0", 1024)


def target(bridge, key=KEY):
    return Target(integration_id=1, platform="wordpress", site_url=bridge.url, api_key=key)


def probe(site):
    facts = probe_wordpress(site, probe_network(site.site_url))
    return probe_bridge(site, facts)


def test_a_site_that_is_well_passes_every_layer(bridge):
    facts = probe(target(bridge))

    layers = diagnose(facts, WANTS)
    assert first_failing(layers) is None
    assert not [layer.layer for layer in layers if layer.skipped]
    assert (facts.rest_route, facts.can_write) == ("path", True)
    assert facts.authorization_stripped is False


def test_a_wrong_key_is_told_from_all_else(bridge):
    facts = probe(target(bridge, "igny8_live_" + "x" * 30))

    assert first_failing(diagnose(facts, WANTS)).layer == "key"
    assert facts.bridge_status == 401


def test_the_structure_can_be_read(bridge):
    told = Structure.model_validate(platforms.connect(target(bridge)).structure())

    assert {"post", "page"} <= set(told.post_types)
    assert told.taxonomies["category"].hierarchical is True
    assert told.taxonomies["post_tag"].hierarchical is False
    assert "category" in told.post_types["post"].taxonomies
    assert told.observed_at is not None


@pytest.mark.parametrize("name", ["post", "page"])
def test_a_content_type_can_be_read(bridge, name):
    found = platforms.connect(target(bridge)).collection(name)

    assert (found.exists, found.can_read) == (True, True)
    assert found.route.startswith("/wp/v2/")
    assert found.can_create is (name == "post")


def test_a_content_type_that_is_not_there(bridge):
    assert not platforms.connect(target(bridge)).collection("no_such_type").exists


def test_facts_of_nothing_are_nothing():
    assert probe_bridge(Target(1, "wordpress", "http://127.0.0.1:1", KEY), Facts()) == Facts()
