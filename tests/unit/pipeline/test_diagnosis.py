"""Facts of a probe -> its layers: the first that fails is named, the later ones are skipped."""

from dataclasses import replace

import pytest

from pipeline import diagnosis_words
from pipeline.diagnosis import LAYERS, Facts, Wants, diagnose, first_failing
from pipeline.diagnosis_words import Advice

WANTS = Wants(oldest_plugin="1.4.0", largest_body=15 * 2**20)
WELL = Facts(
    address_fault="",
    dns_fault="",
    tcp_fault="",
    tls_fault="",
    http_fault="",
    http_status=200,
    wordpress=True,
    rest_route="path",
    rest_status=200,
    bridge=True,
    bridge_status=200,
    plugin_version="1.5.0",
    new_enough=True,
    authorization_stripped=False,
    key_accepted=True,
    can_write=True,
    seo_plugin="yoast",
    max_body_bytes=40 * 2**20,
)


def layers(facts):
    return {layer.layer: layer for layer in diagnose(facts, WANTS)}


def test_the_order_of_the_layers():
    assert (
        *("address", "dns", "tcp", "tls", "http", "wordpress", "rest", "permalinks"),
        *("plugin", "plugin_version", "authorization", "key", "write", "seo", "upload_limits"),
    ) == LAYERS


def test_a_site_that_is_well():
    found = diagnose(WELL, WANTS)

    assert first_failing(found) is None
    assert all(layer.ok and not layer.skipped and layer.message for layer in found)
    assert [layer.layer for layer in found if layer.what_to_do] == []


@pytest.mark.parametrize(
    ("change", "layer", "whose"),
    [
        pytest.param({"address_fault": "bad_address"}, "address", "ours", id="address"),
        pytest.param({"address_fault": "private"}, "address", "ours", id="private"),
        pytest.param({"dns_fault": "unknown_name"}, "dns", "site", id="name"),
        pytest.param({"dns_fault": "no_answer"}, "dns", "network", id="name-servers"),
        pytest.param({"tcp_fault": "refused"}, "tcp", "host", id="refused"),
        pytest.param({"tcp_fault": "timeout"}, "tcp", "host", id="silent"),
        pytest.param({"tls_fault": "expired"}, "tls", "host", id="expired"),
        pytest.param({"tls_fault": "wrong_name"}, "tls", "host", id="wrong-name"),
        pytest.param({"tls_fault": "never heard of"}, "tls", "host", id="unknown-fault"),
        pytest.param({"http_fault": "timeout"}, "http", "host", id="slow"),
        pytest.param({"http_fault": "redirected"}, "http", "ours", id="redirected"),
        pytest.param({"http_fault": "server_error"}, "http", "site", id="500"),
        pytest.param({"wordpress": False}, "wordpress", "ours", id="no-wordpress"),
        pytest.param({"rest_route": "", "rest_status": 404}, "rest", "site", id="no-rest"),
        pytest.param({"rest_route": "", "rest_status": 403}, "rest", "site", id="s255"),
        pytest.param({"bridge": False}, "plugin", "site", id="no-plugin"),
        pytest.param({"new_enough": False}, "plugin_version", "site", id="old-plugin"),
        pytest.param({"key_accepted": False, "bridge_status": 401}, "key", "site", id="s254"),
        pytest.param({"key_accepted": False, "bridge_status": 0}, "key", "site", id="no-answer"),
        pytest.param({"can_write": False}, "write", "site", id="read-only"),
        pytest.param({"write_refused": 403}, "write", "host", id="posts-refused"),
        pytest.param({"write_refused": 0}, "write", "host", id="posts-unanswered"),
        pytest.param({"questions_refused": 403}, "write", "host", id="questions-refused"),
    ],
)
def test_the_first_failing_layer(change, layer, whose):
    found = diagnose(replace(WELL, **change), WANTS)

    failing = first_failing(found)
    assert (failing.layer, failing.whose) == (layer, whose)
    assert failing.what_to_do
    assert "{" not in failing.message + failing.what_to_do
    later = found[LAYERS.index(layer) + 1 :]
    assert all(each.skipped and each.message for each in later)


@pytest.mark.parametrize(
    ("change", "layer"),
    [
        pytest.param({"uses_tls": False, "tls_fault": None}, "tls", id="plain-http"),
        pytest.param({"rest_route": "query"}, "permalinks", id="plain-permalinks"),
        pytest.param({"authorization_stripped": True}, "authorization", id="header-stripped"),
        pytest.param({"max_body_bytes": 2**20}, "upload_limits", id="small-uploads"),
    ],
)
def test_what_works_and_could_be_better(change, layer):
    found = diagnose(replace(WELL, **change), WANTS)

    assert first_failing(found) is None
    assert [each.layer for each in found if each.what_to_do] == [layer]


def test_without_an_seo_plugin_nobody_has_to_do_anything():
    found = diagnose(replace(WELL, seo_plugin=None), WANTS)

    [seo] = [each for each in found if each.layer == "seo"]
    assert (seo.ok, seo.what_to_do) == (True, "")


@pytest.mark.parametrize("name", ["new_enough", "authorization_stripped", "can_write"])
def test_what_an_older_plugin_does_not_tell_is_skipped_and_fails_nothing(name):
    found = diagnose(replace(WELL, **{name: None}), WANTS)

    assert first_failing(found) is None
    assert [each.message for each in found if each.skipped]


def test_nothing_is_known_of_a_probe_that_never_looked():
    assert all(layer.skipped for layer in diagnose(Facts(), WANTS))


def test_facts_survive_their_way_through_a_row():
    stored = WELL.as_json() | {"written_by_a_newer_release": 1}

    assert Facts.from_json(stored) == WELL


def test_what_a_site_writes_is_never_read_as_a_format():
    advice = Advice("to {location}").about(location="{status} {0}", status=5)

    assert advice.message == "to {status} {0}"


def test_each_layer_tells_the_code_of_its_words_and_their_facts():
    answers = replace(WELL, http_fault="server_error", http_status=502)
    found = {layer.layer: layer for layer in diagnose(answers, WANTS)}

    assert found["dns"].code == "dns_fine"
    assert found["http"].code == "http_server_error"
    assert found["http"].facts["status"] == "502"
    assert found["rest"].code == "after_a_failure"


def test_an_unknown_fault_has_the_code_of_the_words_it_is_told_with():
    found = {layer.layer: layer for layer in diagnose(replace(WELL, dns_fault="new"), WANTS)}

    assert found["dns"].code == "dns_other"


def test_every_table_has_words_for_what_it_does_not_know():
    for table in ("ADDRESS", "DNS", "TCP", "TLS", "HTTP"):
        assert "other" in getattr(diagnosis_words, table)
