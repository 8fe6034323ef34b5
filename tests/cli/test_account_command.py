"""`igny8 account`: listed, suspended as a whole, and let in again."""

import pytest
import sqlalchemy as sa
from commands import igny8
from factories import make_account, make_site, reload

from models import Account, PublishingSettings, Site
from models.plan_requests import ensure_settings
from models.session import session_scope


@pytest.fixture(autouse=True)
def nobody_answers(sqlite_database, environment):
    """The broker is away: the commands work without it."""
    environment.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")


@pytest.fixture
def account():
    with session_scope() as session:
        found = make_account(session)
        make_site(session, found)
    return found


def listed():
    return igny8("--json", "account", "list").json["accounts"]


def test_it_is_listed_with_its_sites(account):
    (row,) = listed()

    assert (row["name"], row["sites"], row["suspended_at"]) == (account.name, 1, None)


def test_it_is_suspended_and_resumed(account):
    ran = igny8("--json", "account", "suspend", account.name)
    assert (ran.code, ran.json["name"]) == (0, account.name)
    assert listed()[0]["suspended_at"] == ran.json["suspended_at"] is not None

    assert igny8("account", "resume", account.id).code == 0
    assert reload(account).suspended_at is None


def test_suspended_again_it_stays_suspended_since_then(account):
    igny8("account", "suspend", account.name)
    since = reload(account).suspended_at

    igny8("account", "suspend", account.name)

    assert reload(account).suspended_at == since


def test_the_others_go_on(account):
    with session_scope() as session:
        other = make_account(session)

    igny8("account", "suspend", account.name)

    assert reload(other).suspended_at is None


@pytest.mark.parametrize("command", ["suspend", "resume"])
def test_nobody_is_nobody(command, account):
    ran = igny8("account", command, "nobody")

    assert ran.code == 4
    assert "account list" in ran.err


def test_a_name_that_is_anothers_number_is_not_guessed(account):
    with session_scope() as session:
        session.add(Account(name=str(account.id)))

    assert igny8("account", "suspend", account.id).code == 4
    assert reload(account).suspended_at is None


def test_resumed_its_sites_are_planned_anew(account):
    with session_scope() as session:
        site = session.scalars(sa.select(Site).filter_by(account_id=account.id)).one()
        ensure_settings(session, site).plan_due = False

    igny8("account", "resume", account.id)

    with session_scope(read_only=True) as session:
        assert session.get_one(PublishingSettings, site.id).plan_due
