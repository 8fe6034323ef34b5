"""A firewall that takes our posts and refuses our questions keeps its site suspended, told once."""

import pytest
from chains import run_due
from factories import make_publication, reload
from site_chains import run as run_of_site
from test_images import keep, png
from test_site_care import make_due, pass_by, told, waits_for

from cli.site_records import look_at, target_or_fault
from models import Integration, PublicationState, SiteRunKind
from models.session import session_scope
from pipeline.documents import Picture
from tasks.sites.looking import look_at_suspended

ROUTES = ["/publications", "/media"]
REFUSALS = [
    pytest.param({"kind": "status", "code": 403}, id="403"),
    pytest.param({"kind": "status", "code": 401}, id="401"),
    pytest.param({"kind": "redirect"}, id="a-redirect"),
]


def suspend(integration, turn_dial, route, refusal):
    """Publish a post with a picture at a site that refuses one of the questions about it."""
    turn_dial(method="GET", path=route, **refusal)
    picture = Picture("featured", "a.png", keep(png()))
    item = make_publication(integration, images=(picture,))
    run_due()
    assert reload(integration).suspended_at is not None
    look_at_suspended()
    return item


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("refusal", REFUSALS)
def test_it_is_looked_at_ever_less_often_and_told_once(integration, turn_dial, route, refusal):
    suspend(integration, turn_dial, route, refusal)
    for pause in (120, 240):
        pass_by("next_look_at")
        assert look_at_suspended() == 0
        assert pause / 2 < waits_for(integration, "next_look_at") <= pause

    assert told() == [("error", "site_suspended")]


@pytest.mark.parametrize("route", ROUTES)
def test_its_reason_names_what_the_firewall_must_let_through(integration, turn_dial, route):
    suspend(integration, turn_dial, route, REFUSALS[0].values[0])
    pass_by("next_look_at")
    look_at_suspended()

    found = reload(integration)
    assert found.suspended_code == "blocked"
    assert f"allow GET /wp-json/igny8/v1{route}" in found.suspended_reason


@pytest.mark.parametrize("route", ROUTES)
def test_when_they_are_answered_its_work_goes_on(integration, simulated_site, turn_dial, route):
    item = suspend(integration, turn_dial, route, REFUSALS[0].values[0])
    simulated_site.faults.clear()
    pass_by("next_look_at")
    assert look_at_suspended() == 1
    make_due()
    run_due()

    assert reload(item).state is PublicationState.PUBLISHED
    assert len(simulated_site.posts) == 1
    assert told() == [("error", "site_suspended"), ("sync", "site_resumed")]


@pytest.mark.parametrize("route", ROUTES)
def test_neither_an_operator_s_check_nor_a_test_finds_it_well(integration, turn_dial, route):
    suspend(integration, turn_dial, route, REFUSALS[0].values[0])
    done = run_of_site(integration, SiteRunKind.CONNECTION_TEST)

    with session_scope(read_only=True) as session:
        target = target_or_fault(session.get_one(Integration, integration.id))
    assert look_at(target).error.code == "blocked"
    assert done.result["failing_layer"] == "write"
    assert "Allow GET to /wp-json/igny8/" in done.result["reason"]
    assert reload(integration).suspended_at is not None
