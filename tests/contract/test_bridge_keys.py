"""/key/next, /key/prove and /key/switch: another key without an interruption."""

import pytest
from sites import KEY

NEXT = "igny8_live_next-0123456789abcdefghijklmnopqrst"
OTHER = "igny8_live_other-0123456789abcdefghijklmnopqrs"


def step(bridge, name, body, key=KEY):
    return bridge.call("POST", f"/key/{name}", json=body, key=key)


def opens(bridge, key):
    return bridge.call("GET", "/status", key=key).status_code == 200


@pytest.fixture
def with_next(bridge):
    """A site that has been given the next key."""
    step(bridge, "next", {"key": NEXT}).raise_for_status()
    return bridge


def test_from_the_next_key_on_both_open(bridge):
    before = opens(bridge, NEXT)
    answer = step(bridge, "next", {"key": NEXT})

    assert (before, opens(bridge, KEY), opens(bridge, NEXT)) == (False, True, True)
    assert (answer.status_code, answer.json()) == (200, {"state": "next"})


def test_another_next_key_replaces_the_first(with_next):
    step(with_next, "next", {"key": OTHER})

    assert (opens(with_next, NEXT), opens(with_next, OTHER)) == (False, True)


def test_a_site_that_does_not_know_the_engine_proves_nothing(with_next):
    answer = step(with_next, "prove", {}, key=NEXT)

    assert answer.status_code == 200
    assert (answer.json()["proved"], answer.json()["passing"]) == (False, False)
    assert answer.json()["message"]


def test_the_switch_keeps_the_old_key_for_its_overlap(with_next):
    answer = step(with_next, "switch", {"overlap_seconds": 3600}, key=NEXT)

    assert (answer.status_code, answer.json()["state"]) == (200, "current")
    assert answer.json()["previous_valid_until"].endswith("Z")
    assert (opens(with_next, KEY), opens(with_next, NEXT)) == (True, True)


def test_without_an_overlap_the_old_key_is_refused_at_once(with_next):
    step(with_next, "switch", {"overlap_seconds": 0}, key=NEXT)

    assert (opens(with_next, KEY), opens(with_next, NEXT)) == (False, True)


def test_the_switch_may_be_asked_for_again(with_next):
    first = step(with_next, "switch", {"overlap_seconds": 3600}, key=NEXT)
    again = step(with_next, "switch", {"overlap_seconds": 0}, key=NEXT)

    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert opens(with_next, KEY)


def test_a_rotation_gone_through_again_finds_itself_done(with_next):
    step(with_next, "switch", {"overlap_seconds": 3600}, key=NEXT)

    assert step(with_next, "next", {"key": NEXT}, key=KEY).json() == {"state": "current"}
    assert opens(with_next, NEXT)


def test_a_next_key_that_offers_itself_is_told_whether_the_site_has_switched(with_next):
    before = step(with_next, "next", {"key": NEXT}, key=NEXT)
    step(with_next, "switch", {"overlap_seconds": 3600}, key=NEXT)
    after = step(with_next, "next", {"key": NEXT}, key=NEXT)

    assert (before.status_code, before.json()["code"]) == (403, "igny8_wrong_key")
    assert (after.status_code, after.json()) == (200, {"state": "current"})


def test_a_switch_to_a_key_that_was_replaced_is_refused(with_next):
    step(with_next, "next", {"key": OTHER})

    refused = step(with_next, "switch", {"overlap_seconds": 3600}, key=NEXT)

    assert refused.status_code == 401
    assert opens(with_next, KEY)


def test_the_old_key_gives_no_new_one(with_next):
    step(with_next, "switch", {"overlap_seconds": 3600}, key=NEXT)
    refused = step(with_next, "next", {"key": OTHER}, key=KEY)

    assert (refused.status_code, refused.json()["code"]) == (403, "igny8_wrong_key")
    assert not opens(with_next, OTHER)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        pytest.param("prove", {}, id="prove"),
        pytest.param("switch", {"overlap_seconds": 0}, id="switch"),
    ],
)
def test_a_step_wants_the_next_key(with_next, name, body):
    refused = step(with_next, name, body, key=KEY)

    assert (refused.status_code, refused.json()["code"]) == (403, "igny8_wrong_key")
    assert opens(with_next, NEXT)


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        pytest.param("next", {}, "rest_missing_callback_param", id="no-key"),
        pytest.param("next", {"key": "short"}, "rest_invalid_param", id="short"),
        pytest.param("next", {"key": "a b" * 20}, "rest_invalid_param", id="space"),
        pytest.param("next", {"key": NEXT + "\n"}, "rest_invalid_param", id="line-end"),
        pytest.param("next", {"key": "ä" * 30}, "rest_invalid_param", id="not-ascii"),
        pytest.param("next", {"key": "k" * 201}, "rest_invalid_param", id="long"),
        pytest.param("next", {"key": [NEXT]}, "rest_invalid_param", id="list"),
        pytest.param("switch", {}, "rest_missing_callback_param", id="no-overlap"),
        pytest.param("switch", {"overlap_seconds": -1}, "rest_invalid_param", id="negative"),
        pytest.param("switch", {"overlap_seconds": 2592001}, "rest_invalid_param", id="too-long"),
        pytest.param("switch", {"overlap_seconds": "60"}, "rest_invalid_param", id="text"),
        pytest.param("switch", {"overlap_seconds": True}, "rest_invalid_param", id="true"),
    ],
)
def test_what_makes_no_sense_changes_nothing(bridge, name, body, code):
    refused = step(bridge, name, body)

    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert opens(bridge, KEY)
