"""Sites and requests for the tests of the simulator."""

import hashlib
import uuid

import pytest
import requests

from simulators.wordpress import SimulatedSite

KEY = "igny8_live_simulated-0123456789abcdefghij"


@pytest.fixture
def site():
    with SimulatedSite(api_key=KEY) as simulated:
        yield simulated


@pytest.fixture
def get():
    """Ask a site with its key."""

    def ask(site, path, method="GET", **options):
        headers = {"X-IGNY8-API-Key": site.api_key, **options.pop("headers", {})}
        return requests.request(
            method,
            f"{site.url}{path}",
            headers=headers,
            timeout=30,
            allow_redirects=False,
            **options,
        )

    return ask


@pytest.fixture
def publish():
    """Publish one content; ``changes`` replace fields of the body."""

    def send(site, timeout=30, **changes):
        body = {
            "publication_key": str(uuid.uuid4()),
            "fence": 1,
            "revision": 1,
            "fingerprint": hashlib.sha256(b"one").hexdigest(),
            "content_id": 7,
            "title": "A walk",
            "content_html": "<p>Along the Spree.</p>",
            "slug": "a-walk",
            "status": "publish",
            **changes,
        }
        headers = {
            "X-IGNY8-API-Key": site.api_key,
            "Idempotency-Key": body["publication_key"],
            "X-IGNY8-Fence": str(body["fence"]),
        }
        return requests.post(
            f"{site.url}/wp-json/igny8/v1/publish",
            json=body,
            headers=headers,
            timeout=timeout,
            allow_redirects=False,
        )

    return send
