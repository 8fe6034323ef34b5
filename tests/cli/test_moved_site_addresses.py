"""A site that has moved is shown where it is, by whatever command."""

import pytest
from commands import igny8
from factories import make_content, make_publication
from planned_entries import change

from models import Account, EventStatus, SyncEvent
from models.session import session_scope

OLD = "https://old.example"

pytestmark = pytest.mark.usefixtures("broker_away")


@pytest.fixture
def moved(sqlite_database, integration):
    """A site with a content, a publication and an event, added elsewhere than where it is."""
    make_publication(integration)
    with session_scope() as session:
        ours = session.merge(integration)
        make_content(session, ours.site)
        names = {"account_id": ours.account_id, "site_id": ours.site_id, "integration_id": ours.id}
        session.add(
            SyncEvent(
                **names,
                event_type="publish",
                action="content_publish",
                status=EventStatus.SUCCESS,
                description="Published.",
            )
        )
    change(integration.site, url=OLD)
    return integration


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["site", "list"], id="site list"),
        pytest.param(["site", "check"], id="site check"),
        pytest.param(["site", "pace", "SITE"], id="site pace"),
        pytest.param(["site", "test", "SITE"], id="site test"),
        pytest.param(["site", "structure", "SITE"], id="site structure"),
        pytest.param(["site", "rotate-key", "SITE", "--wait", "0"], id="site rotate-key"),
        pytest.param(["publish", "1", "--site", "SITE"], id="publish"),
        pytest.param(["publish", "--all", "--site", "SITE"], id="publish --all"),
        pytest.param(["census"], id="census"),
        pytest.param(["content", "list"], id="content list"),
        pytest.param(["schedule", "plan", "SITE"], id="schedule plan"),
        pytest.param(["schedule", "settings", "SITE"], id="schedule settings"),
        pytest.param(["status"], id="status"),
        pytest.param(["status", "--content", "1"], id="status --content"),
        pytest.param(["events"], id="events"),
    ],
)
def test_no_command_shows_the_address_that_it_has_left(moved, words, form):
    ran = igny8(*form, *(moved.site_id if word == "SITE" else word for word in words))

    assert ran.code == 0, ran.err
    assert OLD not in ran.out + ran.err


def test_who_has_a_key_already_is_named_by_where_it_is(moved):
    with session_scope(read_only=True) as session:
        account = session.get_one(Account, moved.account_id).name
    key = ["--key", moved.site.wp_api_key, "--account", account]

    ran = igny8("site", "add", "https://another.example", *key)

    assert f"{moved.site_url} has this key already" in ran.err
