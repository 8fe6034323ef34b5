"""`igny8 keys rotate`: every secret comes under the first key, from wherever it was stopped."""

import pytest
import sqlalchemy as sa
from caches import clear_caches
from commands import igny8
from cryptography.fernet import Fernet, InvalidToken
from factories import SECRET_KEY, SITE_KEY, make_integration, make_site

from models import Site
from models.reencrypting import PLACES, renew_batch
from models.session import session_scope
from models.sites.keys import find_by_key

NEW = Fernet.generate_key().decode()
SECRETS = {"wp_api_key": SITE_KEY, "next_api_key": SITE_KEY + "2", "webhook_secret": "whsec_x"}


def use_ring(environment, *ring):
    environment.setenv("IGNY8_SECRET_KEYS", ",".join(ring))
    clear_caches()


@pytest.fixture
def sites(database):
    with session_scope() as session:
        rows = [make_site(session, key=SITE_KEY), *(make_site(session) for _ in range(6))]
        rows[0].next_api_key = SECRETS["next_api_key"]
        rows[0].webhook_secret = SECRETS["webhook_secret"]
        make_integration(session, rows[0], credentials='{"token": "t"}')
        return [row.id for row in rows]


def ciphertexts():
    columns = "wp_api_key, next_api_key, webhook_secret"
    with session_scope(read_only=True) as session:
        rows = session.execute(sa.text(f"SELECT {columns} FROM sites ORDER BY id")).all()
        rows += session.execute(sa.text("SELECT credentials FROM site_integrations")).all()
    return [each for row in rows for each in row if each]


def opened_by(key, secrets):
    def opens(secret):
        try:
            return bool(Fernet(key).decrypt(secret.encode()))
        except InvalidToken:
            return False

    return [opens(secret) for secret in secrets]


def test_all_of_them_come_under_the_first_key_and_stay_the_same(sites, environment):
    use_ring(environment, NEW, SECRET_KEY)

    ran = igny8("--json", "keys", "rotate", "--batch", "2")

    assert ran.json == {"written": 10, "current": 0, "unreadable": []}
    assert all(opened_by(NEW, ciphertexts()))
    with session_scope(read_only=True) as session:
        site = session.get_one(Site, sites[0])
        assert {name: getattr(site, name) for name in SECRETS} == SECRETS
        assert find_by_key(session, SITE_KEY)[0].id == sites[0], "the digests hold"


def test_it_goes_on_where_it_was_stopped(sites, environment):
    use_ring(environment, NEW, SECRET_KEY)
    with session_scope() as session:
        first = renew_batch(session, PLACES[0], 0, 3)
    assert (first.written, first.last_id) == (3, sites[2])

    ran = igny8("--json", "keys", "rotate")

    assert ran.json == {"written": 7, "current": 3, "unreadable": []}
    assert igny8("--json", "keys", "rotate").json["written"] == 0


def test_what_no_key_opens_is_named_and_left(sites, environment):
    with session_scope() as session:
        lost = Fernet(Fernet.generate_key()).encrypt(b"x").decode()
        session.execute(
            sa.text("UPDATE sites SET wp_api_key = :s WHERE id = :n"), {"s": lost, "n": sites[1]}
        )
    use_ring(environment, NEW, SECRET_KEY)

    ran = igny8("--json", "keys", "rotate")

    assert ran.code == 1
    assert ran.json["unreadable"] == [f"sites.wp_api_key of {sites[1]}"]
    assert opened_by(NEW, ciphertexts()).count(False) == 1


def test_a_key_that_is_given_meanwhile_is_not_undone(sites, environment):
    """Between the look and the write somebody enters another key."""
    use_ring(environment, NEW, SECRET_KEY)
    with session_scope() as session:

        @sa.event.listens_for(session.connection(), "before_execute")
        def intrude(connection, statement, *_):
            if statement.is_update and not connection.info.get("done"):
                connection.info["done"] = True
                connection.execute(sa.text("UPDATE sites SET wp_api_key = 'other'"))

        renew_batch(session, PLACES[0], 0, 1)
        assert session.scalar(sa.text("SELECT wp_api_key FROM sites ORDER BY id")) == "other"
