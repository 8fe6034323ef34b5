"""Which site a key opens for, in which header, and that every other key is refused alike."""

import pytest
import sqlalchemy as sa
from flask import g
from ingress_rows import problem_of

import settings
from ingress import create_app
from ingress.site_keys import require_site_key, require_token_or_site_key
from models import Account, Site
from models import session as database
from models.clock import now, now_plus
from models.encryption import digest
from models.session import session_scope
from models.sites.keys import find_by_key, owner_of

KEY = "igny8_live_" + "k" * 43
DOOR, OPEN_DOOR = "/door", "/open-door"


@pytest.fixture
def app(database, broker):
    """The application with a door for sites, and one for sites and people."""
    made = create_app(settings.current())
    made.testing = False

    @made.route(DOOR)
    def door():
        require_site_key()
        return {"site": g.site_id, "account": g.account_id}

    @made.route(OPEN_DOOR)
    def open_door():
        require_token_or_site_key()
        return {"account": g.account_id, "site": g.get("site_id")}

    return made


@pytest.fixture
def site(tenant):
    with session_scope() as session:
        found = session.get_one(Site, tenant.site.id)
        found.set_key(KEY)
        return found


def change(row, **values):
    with session_scope() as session:
        session.execute(sa.update(type(row)).where(type(row).id == row.id).values(**values))


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Authorization": f"Bearer {KEY}"}, id="bearer"),
        pytest.param({"Authorization": f"bearer {KEY} "}, id="small letters, a space behind"),
        pytest.param({"X-IGNY8-API-Key": KEY}, id="own header"),
        pytest.param({"X-IGNY8-API-KEY": KEY}, id="own header in capitals"),
        pytest.param({"Authorization": f"Bearer {KEY}", "X-IGNY8-API-Key": KEY}, id="both"),
    ],
)
def test_either_header_opens(client, site, headers):
    answer = client.get(DOOR, headers=headers)

    expected = {"site": site.id, "account": site.account_id}
    assert (answer.status_code, answer.get_json()) == (200, expected)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"X-IGNY8-API-Key": ""}, id="empty"),
        pytest.param({"Authorization": "Bearer "}, id="empty bearer"),
        pytest.param({"Authorization": f"Basic {KEY}"}, id="another scheme"),
        pytest.param({"Authorization": "Bearer igny8_live_wrong"}, id="wrong"),
        pytest.param({"Authorization": f"Bearer {KEY.upper()}"}, id="in capitals"),
        pytest.param({"Authorization": f"Bearer {KEY[:-1]}"}, id="one letter short"),
        pytest.param({"Authorization": f"Bearer {KEY}{KEY}"}, id="twice"),
        pytest.param({"X-IGNY8-API-Key": "x" * 10_000}, id="10 kB"),
        pytest.param({"X-IGNY8-API-Key": "igny8_live_ключ".encode()}, id="look-alike letters"),
        pytest.param(
            {"Authorization": f"Bearer {KEY}", "X-IGNY8-API-Key": "other"}, id="two different ones"
        ),
    ],
)
def test_every_other_key_is_refused_alike(client, site, headers):
    refused = problem_of(client.get(DOOR, headers=headers), 401, "unauthenticated")

    plain = problem_of(client.get(DOOR), 401, "unauthenticated")
    assert {**refused, "request_id": ""} == {**plain, "request_id": ""}


def test_a_key_in_the_query_is_none(client, site):
    problem_of(client.get(f"{DOOR}?api_key={KEY}"), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        pytest.param({"next_api_key_digest": True}, "next", id="next"),
        pytest.param(
            {"previous_api_key_digest": True, "previous_api_key_until": now_plus(60)},
            "previous",
            id="previous, while it lasts",
        ),
        pytest.param(
            {"previous_api_key_digest": True, "previous_api_key_until": now()},
            None,
            id="previous, when its time is over",
        ),
        pytest.param({"previous_api_key_digest": True}, None, id="previous, without an end"),
    ],
)
def test_the_keys_of_a_rotation(client, site, columns, kind):
    other = "igny8_live_" + "n" * 43
    change(site, **{name: digest(other) if v is True else v for name, v in columns.items()})

    answer = client.get(DOOR, headers={"X-IGNY8-API-Key": other})

    assert answer.status_code == (200 if kind else 401)
    assert client.get(DOOR, headers={"X-IGNY8-API-Key": KEY}).status_code == 200
    with session_scope(read_only=True) as session:
        found = find_by_key(session, other)
        assert (found and found[1]) == kind
        assert owner_of(session, other).id == site.id


def test_a_site_that_is_switched_off_stays_outside(client, site):
    change(site, is_active=False)

    problem_of(client.get(DOOR, headers={"X-IGNY8-API-Key": KEY}), 403, "site_inactive")


def test_a_suspended_account_keeps_its_sites_outside(client, site, tenant):
    change(session_row(Account, site.account_id), suspended_at=now())

    problem_of(client.get(DOOR, headers={"X-IGNY8-API-Key": KEY}), 403, "account_suspended")


def test_a_door_for_both_takes_both(client, site, tenant):
    by_key = client.get(OPEN_DOOR, headers={"Authorization": f"Bearer {KEY}"}).get_json()
    by_token = client.get(OPEN_DOOR, headers=tenant.headers).get_json()

    assert by_key == {"account": site.account_id, "site": site.id}
    assert by_token == {"account": site.account_id, "site": None}
    problem_of(client.get(OPEN_DOOR), 401, "unauthenticated")


def session_row(kind, number):
    with session_scope(read_only=True) as session:
        return session.get_one(kind, number)


class LookingThrottle:
    """Counts by the real throttle, and notes how many connections of the database are out."""

    def __init__(self, throttle):
        self._throttle = throttle
        self.seen = []

    def seconds_to_wait(self, limit, who):
        self.seen.append(database.engine().pool.checkedout())
        return self._throttle.seconds_to_wait(limit, who)


@pytest.mark.parametrize("key", [KEY, "igny8_live_wrong"])
def test_no_transaction_is_open_while_requests_are_counted(client, app, site, key):
    looking = LookingThrottle(app.extensions["throttle"])
    app.extensions["throttle"] = looking

    client.get(DOOR, headers={"X-IGNY8-API-Key": key})

    assert looking.seen == [0]
