"""Beat alone brings approved content to a real WordPress in its window, as the plan had said."""

import json
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from factories import make_content, make_integration, make_site
from servers import wait_until
from ticks import let_it_tick

from embedded.wordpress import Blueprint, WordPressSite, ensure, fetch_many
from models import ContentStatus, PublishingSettings, ScheduleEntry, Site
from models.session import session_scope

pytestmark = [
    pytest.mark.slow,
    pytest.mark.wordpress,
    pytest.mark.parametrize("broker", ["valkey"], indirect=True),
    pytest.mark.parametrize("database", ["postgresql"], indirect=True),
]

ROOT = Path(__file__).parents[2]
KEY = "igny8_live_scheduled-0123456789abcdefghijklmnop"
SUITES = ["bookworm", "trixie", "sid"]
BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY, SUNDAY, MONDAY = (datetime(2027, 3, day, tzinfo=BERLIN) for day in (26, 28, 29))
"""In the night to this Sunday the clocks go forward."""

SETTINGS = ["--auto-publish", "--window", "09:00-09:30", "--gap", "10", "--jitter", "0"]
MOMENTS = [
    (FRIDAY.replace(hour=8, minute=59, second=15), 0),
    (FRIDAY.replace(hour=9, second=1), 1),
    (FRIDAY.replace(hour=9, minute=9, second=15), 1),
    (FRIDAY.replace(hour=9, minute=10, second=1), 2),
    (FRIDAY.replace(hour=9, minute=31), 2),
    (SUNDAY.replace(hour=9, minute=5), 2),
    (MONDAY.replace(hour=8, minute=59, second=15), 2),
    (MONDAY.replace(hour=9, second=1), 3),
    (MONDAY.replace(hour=9, minute=31), 3),
]
"""What the clock is set to, and how many posts the site shows then."""

TITLES = """<?php
$newest_last = array( 'numberposts' => -1, 'order' => 'ASC', 'orderby' => 'ID' );
foreach ( get_posts( $newest_last ) as $post ) {
	echo $post->post_title, "\\n";
}
"""


@pytest.fixture
def database(moved_clock):
    moved_clock.set(FRIDAY.replace(hour=8, minute=30))
    return moved_clock


@pytest.fixture(scope="module")
def wordpress():
    """A WordPress whose own settings say Berlin."""
    ensure()
    core = fetch_many(SUITES)["trixie"]
    root = Path(tempfile.mkdtemp(prefix="igny8-scheduled-", dir="/var/tmp"))
    root.chmod(0o755)  # pytest's own folder is closed to the account that PHP runs as
    plugin = ROOT / "wordpress-plugin" / "igny8-wp-bridge"
    made = WordPressSite.up(root, Blueprint(core=core, plugin=plugin, api_key=KEY, workers=6))
    made.php("<?php update_option( 'timezone_string', 'Europe/Berlin' );")
    made.php("<?php foreach ( get_posts() as $post ) { wp_delete_post( $post->ID, true ); }")
    yield made
    made.remove()


@pytest.fixture
def site(engine, wordpress):
    with session_scope() as session:
        made = make_site(session, url=wordpress.url, key=KEY)
        make_integration(session, made)
    return made


def igny8(*words):
    """Return what a command of the command line answers as JSON."""
    command = [sys.executable, "-m", "cli", "--json", *map(str, words)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def approve(site, *titles):
    with session_scope() as session:
        owner = session.get_one(Site, site.id)
        for title in titles:
            make_content(session, owner, title=title, status=ContentStatus.APPROVED)


def plan_of(site, count):
    """Return what is planned, by title, once all of it is."""

    def is_planned():
        query = sa.select(ScheduleEntry.slot_at).filter_by(site_id=site.id)
        with session_scope(read_only=True) as session:
            slots = session.scalars(query).all()
        return len(slots) == count and None not in slots

    wait_until(is_planned, timeout=120, what="the plan")
    rows = igny8("schedule", "plan", site.id, "--days", 30)["planned"]
    return {row["title"]: datetime.fromisoformat(row["local_at"]) for row in rows}


def zone_of(site):
    with session_scope(read_only=True) as session:
        return session.get_one(PublishingSettings, site.id).time_zone


def test_posts_appear_in_their_windows_as_the_plan_had_said(engine, database, site, wordpress):
    clock = database
    igny8("schedule", "settings", site.id, *SETTINGS, "--daily-limit", 2)
    wait_until(
        lambda: zone_of(site) == "Europe/Berlin",
        timeout=120,
        what="the zone that WordPress tells",
    )
    approve(site, "One", "Two", "Three")

    said = plan_of(site, 3)
    assert list(said.items()) == [
        ("One", FRIDAY.replace(hour=9)),
        ("Two", FRIDAY.replace(hour=9, minute=10)),
        ("Three", MONDAY.replace(hour=9)),
    ]
    for moment, count in MOMENTS:
        clock.set(moment)
        shown = list(said)[:count]
        wait_until(lambda want=shown: titles(wordpress) == want, timeout=120, what=str(moment))
        let_it_tick()
        assert titles(wordpress) == shown

    happened = igny8("schedule", "plan", site.id, "--days", 30)["happened"]
    assert {row["title"]: datetime.fromisoformat(row["local_at"]) for row in happened} == said
    for row in happened:
        slot = said[row["title"]]
        assert row["publication_state"] == "published"
        assert slot <= datetime.fromisoformat(row["published_at"]) < slot.replace(minute=30)


def titles(wordpress):
    """Return the titles that the site shows its visitors, the oldest first."""
    return wordpress.php(TITLES).splitlines()
