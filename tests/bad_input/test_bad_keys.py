"""Door 6, the database: a key that lies in another site's row is sent to nobody."""

import pytest
import sqlalchemy as sa
from chains import run_due
from commands import igny8
from factories import SITE_KEY, make_publication, make_site, reload

from models import Integration, Publication, PublicationState, Site
from models.encryption import SecretDamaged
from models.session import session_scope

COPIED = "update sites set wp_api_key = (select wp_api_key from sites where id = :other)"


@pytest.fixture
def copied(integration):
    """The key of another site, in the row of ours."""
    with session_scope() as session:
        other = make_site(session)
        session.execute(
            sa.text(f"{COPIED} where id = :id"), {"other": other.id, "id": integration.site_id}
        )
        return other.wp_api_key


def spoil(value):
    with session_scope() as session:
        session.execute(sa.text("update sites set wp_api_key = :value"), {"value": value})


def suspended(integration):
    with session_scope(read_only=True) as session:
        return session.get(Integration, integration.id).suspended_reason


def test_b99_a_copied_ciphertext_is_not_read(integration, copied):
    with (
        session_scope(read_only=True) as session,
        pytest.raises(SecretDamaged, match="not stored for it") as refused,
    ):
        assert session.get(Site, integration.site_id).wp_api_key
    assert copied not in str(refused.value)


def test_b99_nothing_is_sent_and_the_work_waits(integration, copied, simulated_site):
    publication = make_publication(integration)
    run_due()

    found = reload(publication)
    assert (found.state, found.attempts, found.batch_id) == (PublicationState.QUEUED, 0, None)
    assert "not stored for it" in suspended(integration)
    assert simulated_site.requests == []
    assert run_due() == []


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="b99-empty"),
        pytest.param("gAAAAA", id="b99-cut-off"),
        pytest.param("igny8_live_in_clear", id="b99-in-clear"),
    ],
)
def test_a_damaged_ciphertext_is_the_same(integration, simulated_site, sqlite_database, value):
    publication = make_publication(integration)
    spoil(value)
    run_due()

    assert reload(publication).state is PublicationState.QUEUED
    assert suspended(integration)
    assert simulated_site.requests == []


def test_b99_entering_the_key_again_repairs_it(integration, copied, simulated_site):
    publication = make_publication(integration)
    run_due()
    listed = igny8("--json", "site", "list")
    checked = igny8("site", "check", integration.site_id)
    with session_scope(read_only=True) as session:
        account = session.get(Site, integration.site_id).account.name
    entered = igny8("site", "add", simulated_site.url, "--key", SITE_KEY, "--account", account)
    run_due()

    assert "unreadable" in listed.out
    assert (checked.code, "igny8 site add URL --key" in checked.err) == (3, True)
    assert entered.code == 0, entered.err
    assert reload(publication).state is PublicationState.PUBLISHED


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"fence": None}, id="b98-fence-null"),
        pytest.param({"state": None}, id="b98-state-null"),
        pytest.param({"key": None}, id="b98-key-null"),
    ],
)
def test_what_no_row_may_be_without_can_not_be_taken_away(integration, values):
    publication = make_publication(integration)

    with pytest.raises(sa.exc.IntegrityError), session_scope() as session:
        session.execute(
            sa.update(Publication).where(Publication.id == publication.id).values(**values)
        )


@pytest.mark.parametrize("state", [pytest.param("zombie", id="b98-unknown-state")])
def test_a_row_in_an_unknown_state_does_not_hold_up_the_others(
    integration, simulated_site, sqlite_database, state
):
    odd, good = make_publication(integration), make_publication(integration, title="Good")
    with session_scope() as session:
        session.execute(
            sa.text("update publications set state = :state where id = :id"),
            {"state": state, "id": odd.id},
        )
    run_due()

    assert reload(good).state is PublicationState.PUBLISHED
    assert [post.title for post in simulated_site.posts] == ["Good"]
