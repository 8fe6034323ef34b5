"""What is switched off takes no publish from the command line either."""

import pytest
import sqlalchemy as sa
from commands import igny8
from factories import make_content, make_integration
from planned_entries import change

from models import Publication, ScheduleEntry
from models.clock import now
from models.session import session_scope

pytestmark = pytest.mark.usefixtures("broker_away")


@pytest.fixture
def place(sqlite_database):
    with session_scope() as session:
        found = make_integration(session)
        make_content(session, found.site)
        _ = found.site.account
        return found


def count(kind):
    with session_scope(read_only=True) as session:
        return session.scalar(sa.select(sa.func.count(kind.id)))


def switch_off(place, what):
    if what == "account":
        change(place.site.account, suspended_at=now())
    else:
        change(place.site if what == "site" else place, is_active=False)


@pytest.mark.parametrize("what", ["site", "integration", "account"])
@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["publish", "1"], id="publish"),
        pytest.param(["publish", "--all"], id="publish-all"),
        pytest.param(["schedule", "set", "1", "--next"], id="schedule"),
    ],
)
def test_nothing_is_accepted_there(place, what, words):
    switch_off(place, what)

    ran = igny8(*words, "--site", place.site_id)

    assert ran.code == 4
    assert any(words in ran.err for words in ("switched off", "no active", "account resume"))
    assert count(Publication) == count(ScheduleEntry) == 0


def test_it_is_named_by_the_address_where_it_is(place):
    igny8("site", "move", place.site_id, "https://moved.example")
    change(place, is_active=False)

    ran = igny8("publish", "1", "--site", place.site_id)

    assert "https://moved.example is switched off" in ran.err
