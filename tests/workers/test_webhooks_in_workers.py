"""Webhooks in worker processes: whatever comes in whatever order, we end as the site is."""

import random

import pytest
from mixed_webhooks import application, differences, live, publish, send, unread
from servers import wait_until

from tasks.doorbell import ring_inbox

POSTS, CHANGES = 60, 1500

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.parametrize("broker", ["valkey"], indirect=True),
]


def test_a_mix_of_late_repeated_and_poisoned_webhooks_ends_as_the_site_is(
    engine, integration, simulated_site
):
    """With a worker killed in their middle. The same with 10,000 is bench/webhook_order.py."""
    publish(integration, simulated_site, POSTS)
    live(simulated_site, CHANGES, random.Random(4))
    sent = send(application(), simulated_site, seed=4)
    assert len(sent.ids) + sent.poison > 1500

    ring_inbox()
    before = unread()
    wait_until(lambda: unread() < before, what="the first that are read")
    engine["publish"].kill()
    engine["publish"].start()
    wait_until(lambda: unread() == 0, timeout=200, what="all of them read")

    assert differences(simulated_site, sent) == []
