"""`igny8 site rotate-key` asks for a new key, and says how that ended."""

import pytest
from commands import igny8
from factories import make_integration

from models import Site, SiteRun, SiteRunKind
from models.session import session_scope


@pytest.fixture
def integration(sqlite_database):
    with session_scope() as session:
        return make_integration(session)


def test_it_is_accepted_and_may_be_left_alone(integration):
    ran = igny8(
        "--json", "site", "rotate-key", integration.site_id, "--wait", "0", "--overlap-hours", "3"
    )

    assert (ran.code, ran.json["state"]) == (0, "queued")
    with session_scope(read_only=True) as session:
        run = session.get_one(SiteRun, ran.json["run_id"])
    assert (run.kind, run.arguments) == (SiteRunKind.KEY_ROTATION, {"overlap_hours": 3})


def test_asked_twice_it_is_one_request(integration):
    first, second = (
        igny8("--json", "site", "rotate-key", integration.site_id, "--wait", "0") for _ in "ab"
    )

    assert first.json["run_id"] == second.json["run_id"]


def test_a_site_without_a_key_has_none_to_change(integration):
    with session_scope() as session:
        session.get_one(Site, integration.site_id).wp_api_key_digest = None

    ran = igny8("site", "rotate-key", integration.site_id)

    assert ran.code == 4
    assert "has no key" in ran.err
