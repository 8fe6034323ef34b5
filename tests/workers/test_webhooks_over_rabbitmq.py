"""With RabbitMQ as the broker, a webhook that was accepted reaches a worker and is applied."""

import pytest
from factories import reload
from mixed_webhooks import application, publish, send
from servers import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.rabbitmq,
    pytest.mark.parametrize("broker", ["rabbitmq"], indirect=True),
]


def test_an_accepted_webhook_is_rung_for_and_applied(engine, integration, simulated_site):
    (post,) = publish(integration, simulated_site, 1)
    engine["beat"].kill()  # no tick finds it: the ring alone brings it to a worker
    simulated_site.edit(simulated_site.posts[0].id, status="private")

    send(application(), simulated_site, seed=1, duplicated=0, poisoned=0)

    wait_until(lambda: reload(post).external_status == "private", what="the webhook's news")
