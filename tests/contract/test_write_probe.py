"""A write that changes nothing shows whether writes get through, on every site."""

import json

from platforms.refusals import SAMPLE


def test_a_write_without_a_key_is_refused_by_the_bridge_and_changes_nothing(bridge):
    before = bridge.posts()
    answer = bridge.call(
        "POST",
        "/publish",
        data=json.dumps(SAMPLE),
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 400
    assert answer.json()["code"] == "rest_missing_callback_param"
    assert bridge.posts() == before
