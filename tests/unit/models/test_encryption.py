"""Secrets at rest: unreadable in the database, readable after a rotation, findable by a digest."""

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from factories import SECRET_KEY, make_site

import settings
from models import Site, encryption
from models.encryption import SecretUnreadable, digest, masked

KEY = "igny8_live_a-secret-that-nobody-reads-0000"
NEWER, OTHER = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def use_keys(environment):
    """Run on with another key ring, as after a restart."""

    def use(*keys):
        environment.setenv("IGNY8_SECRET_KEYS", ",".join(keys))
        for cached in (settings.current, encryption.key_ring, encryption._cipher):
            cached.cache_clear()

    return use


@pytest.fixture
def stored(session):
    """A site whose key lies in the database, and a way to read it afresh."""
    site = make_site(session, key=KEY)

    def read():
        session.expire_all()
        return session.get_one(Site, site.id).wp_api_key

    return read


def raw_keys(session):
    return session.scalars(sa.text("select wp_api_key from sites")).all()


def test_the_database_holds_no_clear_text(session, stored):
    (raw,) = raw_keys(session)

    assert KEY not in raw
    assert stored() == KEY


def test_the_same_secret_looks_different_every_time(session):
    sites = [make_site(session) for _ in range(2)]
    for site in sites:
        site.wp_api_key = KEY
    session.flush()

    first, second = raw_keys(session)
    assert first != second


def test_no_secret_is_no_ciphertext(session):
    make_site(session).wp_api_key = None
    session.flush()

    assert raw_keys(session) == [None]


def test_after_a_rotation_the_old_is_read_and_the_new_key_writes(session, stored, use_keys):
    use_keys(NEWER, SECRET_KEY)
    assert stored() == KEY

    session.scalars(sa.select(Site)).one().wp_api_key = KEY + "2"
    session.flush()
    use_keys(NEWER)
    assert stored() == KEY + "2"


def test_a_digest_stays_when_keys_are_added_in_front(environment, use_keys):
    before = digest(KEY)
    use_keys(NEWER, SECRET_KEY)
    assert digest(KEY) == before

    use_keys(OTHER)
    assert digest(KEY) != before


def test_a_site_is_found_by_the_digest_of_its_key(session, stored):
    found = session.scalars(sa.select(Site).filter_by(wp_api_key_digest=digest(KEY))).one()

    assert found.wp_api_key == KEY
    assert KEY not in found.wp_api_key_digest


def test_a_missing_key_is_said_in_words(stored, use_keys):
    use_keys(OTHER)
    with pytest.raises(SecretUnreadable, match="IGNY8_SECRET_KEYS lacks its key"):
        stored()


def test_no_key_at_all_is_said_in_words(environment, use_keys):
    use_keys()
    with pytest.raises(SecretUnreadable, match="set IGNY8_SECRET_KEYS"):
        digest(KEY)


def test_a_key_that_is_none_is_said_in_words(stored, use_keys):
    use_keys("a-word-instead-of-a-key")
    with pytest.raises(SecretUnreadable, match="IGNY8_SECRET_KEYS"):
        stored()


def test_the_key_file_stands_in_for_the_setting(tmp_path, use_keys):
    use_keys()
    (tmp_path / "secret.key").write_text(f"{NEWER},{SECRET_KEY}\n")

    assert encryption.key_ring() == (NEWER, SECRET_KEY)


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        pytest.param("igny8_live_abcdefghijklmnopqrstuvwxyz", "igny8_live_…wxyz", id="a-key"),
        pytest.param("short", "…", id="too-short-to-show-any"),
        pytest.param("x" * 20, "…", id="at-the-limit"),
        pytest.param("", "…", id="empty"),
    ],
)
def test_masked(secret, shown):
    assert masked(secret) == shown


def test_a_site_shows_its_key_masked(session, stored):
    assert session.scalars(sa.select(Site)).one().masked_key == "igny8_live_…0000"
