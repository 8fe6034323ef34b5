"""GET /api/v1/runs/{run_id}/: what became of an accepted request."""

import pytest
import sqlalchemy as sa
from ingress_rows import finish, problem_of

from models import Integration, PublicationState
from models.session import session_scope


@pytest.fixture
def accepted(api, tenant):
    return api.post(f"/api/v1/writer/content/{tenant.content.id}/publish/", json={}).get_json()


def test_a_run_on_its_way_is_pending(api, tenant, accepted):
    body = api.get(accepted["status_url"]).get_json()

    assert body["run_id"] == accepted["run_id"]
    assert (body["result"], body["state"], body["finished"]) == ("pending", "queued", False)
    assert body["content_id"] == tenant.content.id
    assert body["site_integration_id"] == tenant.integration.id


def test_a_published_run_has_the_address_of_the_post(api, accepted):
    finish(accepted["publication_id"])

    body = api.get(accepted["status_url"]).get_json()

    assert (body["result"], body["finished"]) == ("published", True)
    assert body["external_url"] == "https://site.example/?p=77"


def test_a_failed_run_says_why(api, accepted):
    finish(accepted["publication_id"], PublicationState.FAILED, failure="no such author")

    body = api.get(accepted["status_url"]).get_json()

    assert (body["result"], body["finished"], body["reason"]) == ("failed", True, "no such author")


def test_a_parked_run_says_why(api, tenant, accepted):
    with session_scope() as session:
        session.execute(
            sa.update(Integration).values(suspended_at=sa.func.now(), suspended_reason="no key")
        )

    body = api.get(accepted["status_url"]).get_json()

    assert (body["result"], body["reason"]) == ("parked", "no key")


@pytest.mark.parametrize(
    "run_id",
    [
        pytest.param("00000000-0000-4000-8000-000000000000", id="unknown"),
        pytest.param("1", id="number"),
        pytest.param("{00000000-0000-4000-8000-000000000000}", id="braces"),
        pytest.param("..%2f..%2fetc", id="path"),
        pytest.param("%00", id="NUL"),
    ],
)
def test_any_other_id_is_not_there(api, run_id):
    problem_of(api.get(f"/api/v1/runs/{run_id}/"), 404, "not_found")
