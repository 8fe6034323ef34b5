"""The address that answers name, behind a proxy or not."""

from ingress_rows import Caller

import settings
from ingress import create_app


def test_the_public_address_stands_in_every_link(tenant, environment):
    environment.setenv("IGNY8_PUBLIC_BASE_URL", "https://api.example/")
    settings.current.cache_clear()
    api = Caller(create_app(settings.current()).test_client(), tenant.headers)

    answer = api.post(f"/api/v1/writer/content/{tenant.content.id}/publish/", json={}).get_json()

    assert answer["status_url"].startswith("https://api.example/api/v1/runs/")
