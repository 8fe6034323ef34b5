"""Sites that have an older plugin than this engine comes with are told, once for a version."""

import re
import threading

import pytest
import sqlalchemy as sa
from factories import make_integration, make_site
from planned_entries import change

from models import Installation, SyncEvent
from models.clock import now
from models.session import session_scope
from tasks.sites import releases
from tasks.sites.releases import outdated_sites, shipped_version, tell_all


def site_with(version, **values):
    with session_scope() as session:
        made = make_integration(session, make_site(session), **values)
        session.add(Installation(site_id=made.site_id, version=version, last_seen=now()))
        return made


def told():
    with session_scope(read_only=True) as session:
        return list(session.scalars(sa.select(SyncEvent).order_by(SyncEvent.id)))


def test_the_version_is_that_of_the_plugin_beside_this_engine():
    written = re.search(r"const VERSION\s+= '(.+)';", releases.PLUGIN.read_text())

    assert shipped_version() == written[1]


def test_a_site_with_an_older_one_is_told_once(database):
    place = site_with("1.0.0")

    assert (tell_all(), tell_all()) == (1, 0)

    [event] = told()
    assert (event.event_type, event.action, event.direction) == ("sync", "plugin_outdated", None)
    assert event.integration_id == place.id
    assert event.details == {"installed": "1.0.0", "shipped": shipped_version()}


def test_it_is_told_again_of_the_next_release(database, monkeypatch):
    site_with("1.0.0")
    tell_all()

    monkeypatch.setattr(releases, "shipped_version", lambda: "99.0.0")

    assert tell_all() == 1


def test_who_has_the_newest_is_told_nothing(database):
    site_with(shipped_version())
    site_with("99.0.0")
    site_with("custom")

    assert tell_all() == 0


@pytest.mark.parametrize("what", ["integration", "site"])
def test_nor_is_what_is_switched_off(database, what):
    place = site_with("1.0.0")
    change(place if what == "integration" else place.site, is_active=False)

    assert tell_all() == 0
    with session_scope(read_only=True) as session:
        assert outdated_sites(session) == 0


def test_all_are_told_in_steps(database, monkeypatch):
    monkeypatch.setattr(releases, "AT_ONCE", 2)
    for _ in range(5):
        site_with("1.0.0")

    assert tell_all() == len(told()) == 5


def test_two_beats_tell_nothing_twice(database):
    for _ in range(5):
        site_with("1.0.0")

    both = [threading.Thread(target=tell_all) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()

    assert len(told()) == 5


def test_where_the_plugin_was_left_out_nobody_is_told(database, monkeypatch):
    site_with("1.0.0")
    monkeypatch.setattr(releases, "shipped_version", lambda: None)

    assert tell_all() == 0
    with session_scope(read_only=True) as session:
        assert outdated_sites(session) == 0
