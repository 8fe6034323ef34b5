"""Among a thousand sites: chosen by account and by what is wrong, page by page, and switched."""

import pytest
import sqlalchemy as sa
from commands import igny8
from factories import make_account, make_integration, make_site, reload
from planned_entries import change

from models import Account, Integration, PublishingSettings, Site
from models.clock import now
from models.plan_requests import ensure_settings
from models.session import session_scope

pytestmark = pytest.mark.usefixtures("sqlite_database", "broker_away")


@pytest.fixture
def sites():
    """Two sites of Anna's, and one of Bert's."""
    with session_scope() as session:
        owners = [make_account(session, name) for name in ("Anna", "Bert")]
        accounts = (owners[0], owners[0], owners[1])
        return [make_integration(session, make_site(session, account)) for account in accounts]


def listed(*words):
    ran = igny8("--json", *words)
    assert ran.code == 0, ran.err
    return [each["id"] for each in ran.json["sites"]], ran.json["next"]


@pytest.mark.parametrize("command", [["site", "list"], ["status"]], ids=" ".join)
class TestBoth:
    def test_those_of_one_account(self, sites, command):
        assert listed(*command, "--account", "Bert") == ([sites[2].site_id], None)
        assert "Bert" in igny8(*command).out

    def test_page_by_page(self, sites, command):
        first, after = listed(*command, "--limit", "2")
        rest, end = listed(*command, "--limit", "2", "--after", after)

        assert first + rest == [each.site_id for each in sites]
        assert (after, end) == (first[-1], None)
        assert f"--after {after}" in igny8(*command, "--limit", "2").err

    @pytest.mark.parametrize(
        ("kind", "values"),
        [
            pytest.param(Integration, {"suspended_at": now()}, id="suspended"),
            pytest.param(Integration, {"sync_error": "timeout: slow"}, id="error"),
            pytest.param(Integration, {"breaker_opens": 1}, id="struggles"),
            pytest.param(Integration, {"is_active": False}, id="integration off"),
            pytest.param(Site, {"is_active": False}, id="site off"),
            pytest.param(Account, {"suspended_at": now()}, id="account suspended"),
        ],
    )
    def test_those_with_a_problem(self, sites, command, kind, values):
        ours = sites[2]
        ids = {Integration: ours.id, Site: ours.site_id, Account: ours.account_id}
        with session_scope() as session:
            session.execute(sa.update(kind).where(kind.id == ids[kind]).values(values))

        assert listed(*command, "--problem") == ([ours.site_id], None)

    def test_an_account_that_is_not_there(self, sites, command):
        ran = igny8(*command, "--account", "Nobody")

        assert (ran.code, "igny8 account list" in ran.err) == (4, True)


def test_list_says_that_a_site_is_switched_off(sites):
    change(sites[0].site, is_active=False)

    assert "its site is switched off" in igny8("site", "list").out


def test_check_leaves_what_is_switched_off_alone(sites):
    for each in sites:
        change(each.site, is_active=False)

    ran = igny8("site", "check")

    assert (ran.code, "switched off" in ran.err) == (4, True)


def test_a_site_is_switched_off_and_on(sites):
    site = sites[0].site

    off = igny8("--json", "site", "switch-off", site.id)
    assert (off.code, off.json["is_active"], reload(site).is_active) == (0, False, False)

    on = igny8("site", "switch-on", site.url)
    assert (on.code, reload(site).is_active) == (0, True)


def test_a_switch_asks_for_a_new_plan(sites):
    site = sites[0].site
    with session_scope() as session:
        ensure_settings(session, session.get_one(Site, site.id)).plan_due = False

    igny8("site", "switch-off", site.id)

    with session_scope(read_only=True) as session:
        assert session.get_one(PublishingSettings, site.id).plan_due


def test_what_stands_in_the_way_of_a_site_that_was_switched_on_is_told(sites):
    change(sites[0], is_active=False)

    assert "its integration is switched off" in igny8("site", "switch-on", sites[0].site_id).err
