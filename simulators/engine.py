"""How a simulated site speaks to the engine: it connects, and sends signed webhooks."""

import base64
import hashlib
import hmac
import json
import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests

from simulators.events import Event, Events
from simulators.messages import Json

PLUGIN_VERSION = "1.5.0"
TEST_CONNECTION = "/api/v1/integration/integrations/test-connection/"
REGISTER = "/api/plugins/igny8-wp-bridge/register/"
UPDATE_STRUCTURE = "/api/v1/integration/integrations/{}/update-structure/"
WEBHOOKS = "/api/v1/integration/webhooks/wordpress/{}/"
ANSWER_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Webhook:
    """A signed message: ``path`` below the engine's address, headers with the key, raw body."""

    event: Event
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Engine:
    """The engine as a site knows it after registering; ``secret`` begins with whsec_."""

    api_url: str
    site_id: int
    secret: str = ""
    integration_id: int | None = None


@dataclass(frozen=True, slots=True)
class Mix:
    """How messages get mixed up on their way; ``duplicated`` is the share that comes twice."""

    shuffled: bool = False
    duplicated: float = 0.0
    seed: int = 0


class NotConnected(Exception):
    """The engine refused, or the site was never told of it."""


def key_headers(key: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {key}",
        "X-IGNY8-API-Key": key,
        "Content-Type": "application/json",
        "Accept": "application/json",
    }


def asks_with(engine: Engine, site_url: str, key: str, wait: int = 0) -> tuple[int, Json]:
    """Ask the engine whether it takes a key; return its answer: see :func:`is_taken`."""
    headers = key_headers(key) | ({"Prefer": f"wait={wait}"} if wait else {})
    body = {"site_id": engine.site_id, "api_key": key, "site_url": site_url}
    return _post(engine.api_url + TEST_CONNECTION, body, headers)


def is_taken(status: int, facts: Json) -> bool:
    return status < HTTPStatus.MULTIPLE_CHOICES and facts.get("success") is True


def is_passing(status: int) -> bool:
    """Whether the engine may answer otherwise the next time."""
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def connect(engine: Engine, site_url: str, key: str, structure: Json) -> Json:
    """Do what the plugin does on Connect: test, register, push the structure.

    Returns the engine's answer to the test. Raises NotConnected with what it said.
    """
    status, tested = asks_with(engine, site_url, key, wait=10)
    if not is_taken(status, tested):
        raise NotConnected(str(tested))
    facts = {
        "site_id": engine.site_id,
        "site_url": site_url,
        "version": PLUGIN_VERSION,
        "wordpress_version": "6.8.7",
        "php_version": "8.2.29",
    }
    registered = _sent(engine.api_url + REGISTER, facts, key)
    engine.secret = registered["webhook_secret"]
    engine.integration_id = registered.get("integration_id") or tested.get("integration_id")
    _sent(engine.api_url + UPDATE_STRUCTURE.format(engine.integration_id), structure, key)
    return tested


def take(
    events: Events,
    engine: Engine,
    key: str,
    mix: Mix,
) -> list[Webhook]:
    """Empty the outbox and return it signed, out of order and repeated as the mix says."""
    dice = random.Random(mix.seed)
    batch = [events.waiting.popleft() for _ in range(len(events.waiting))]
    batch += [event for event in batch if dice.random() < mix.duplicated]
    if mix.shuffled:
        dice.shuffle(batch)
    return [sign(event, engine.secret, key) for event in batch]


def send(engine: Engine, webhooks: Iterable[Webhook]) -> list[int]:
    """Post webhooks to the engine; return the statuses."""
    with requests.Session() as session:
        session.trust_env = False
        return [
            session.post(
                engine.api_url + webhook.path,
                data=webhook.body,
                headers=dict(webhook.headers),
                timeout=ANSWER_SECONDS,
                allow_redirects=False,
            ).status_code
            for webhook in webhooks
        ]


def sign(event: Event, secret: str, key: str, at: int | None = None) -> Webhook:
    """Return an event as it is sent at ``at`` (Unix seconds; now when None)."""
    body = json.dumps(event.body, ensure_ascii=False).encode()
    stamp = str(int(time.time()) if at is None else at)
    raw = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(raw, f"{event.id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    headers = key_headers(key) | {
        "webhook-id": event.id,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }
    return Webhook(event, WEBHOOKS.format(event.kind), headers, body)


def _sent(url: str, body: Json, key: str) -> Json:
    status, facts = _post(url, body, key_headers(key))
    if status >= 300:  # noqa: PLR2004 -- anything but 2xx
        raise NotConnected(f"{urlsplit(url).path}: {status} {facts}")
    return facts


def _post(url: str, body: Json, headers: Mapping[str, str]) -> tuple[int, Json]:
    answer = requests.post(
        url, json=body, headers=dict(headers), timeout=ANSWER_SECONDS, allow_redirects=False
    )
    facts: Any = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
    return answer.status_code, facts if isinstance(facts, dict) else {}
