"""`igny8 inbox`: what the sites told us, as it came, and read again when somebody says so."""

import pytest
import sqlalchemy as sa
from commands import igny8
from factories import make_integration

from cli import row_ids
from models import InboxMessage, base
from models.inbox.storing import Arrived, store_message
from models.session import session_scope

pytestmark = pytest.mark.usefixtures("broker_url")


@pytest.fixture
def site(sqlite_database):
    with session_scope() as session:
        return make_integration(session)


def keep(site, body=b'{"post_id": 7}', **values):
    with session_scope() as session:
        id_ = store_message(session, Arrived(site.site_id, "status", body)).id
        if values:
            session.execute(sa.update(InboxMessage).filter_by(id=id_).values(**values))
    return id_


def state_of(id_):
    with session_scope(read_only=True) as session:
        found = session.get_one(InboxMessage, id_)
        return found.state.value, found.attempts


def test_list_shows_the_newest_at_the_end(site):
    keep(site, b"1"), keep(site, b"2", state="dead", reason="parse: no JSON")
    last = keep(site, b"3")

    found = igny8("inbox", "list", "-n", 2, "--json").json["messages"]

    assert [each["state"] for each in found] == ["dead", "waiting"]
    assert (found[-1]["id"], found[-1]["url"]) == (last, site.site_url)
    assert "parse: no JSON" in igny8("inbox", "list", "--state", "dead").out


def test_show_prints_the_body_and_nothing_a_terminal_obeys(site):
    id_ = keep(site, b'{"post_title": "\x1b[2J"}')

    ran = igny8("inbox", "show", id_)

    assert "post_title" in ran.out
    assert "\x1b" not in ran.out
    assert igny8("inbox", "show", id_, "--json").json["body"] == '{"post_title": "\x1b[2J"}'


def test_replay_gives_all_dead_ones_back(site):
    dead = keep(site, b"1", state="dead", attempts=8)
    ignored = keep(site, b"2", state="ignored")

    assert igny8("inbox", "replay", "--json").json == {"replayed": [dead], "left": []}
    assert (state_of(dead), state_of(ignored)) == (("waiting", 0), ("ignored", 0))


def test_replay_takes_any_that_has_ended_by_its_id(site):
    ignored, reading = keep(site, b"1", state="ignored"), keep(site, b"2", state="reading")

    ran = igny8("inbox", "replay", ignored, reading)

    assert ran.code == 4
    assert str(reading) in ran.err
    assert (state_of(ignored)[0], state_of(reading)[0]) == ("waiting", "reading")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("show", 99), id="unknown message"),
        pytest.param(("replay", 99), id="unknown to replay"),
        pytest.param(("list", "--state", "lost"), id="unknown state"),
        pytest.param(("list", "--site", 99), id="unknown site"),
    ],
)
def test_what_is_not_there_is_said(site, words):
    ran = igny8("inbox", *words)

    assert ran.code == 4
    assert ran.err


def test_the_command_line_knows_the_largest_id_of_the_tables():
    assert row_ids.LARGEST_ID == base.LARGEST_ID
