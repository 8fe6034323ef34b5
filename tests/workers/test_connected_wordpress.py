"""A real WordPress and the whole engine: connected by a person, kept in step, never held up."""

import json
import sys
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from connected_wordpress import Administrator, words_of
from factories import make_content, make_publication, make_site, reload
from planned_entries import every_hour, settings_for
from servers import LocalProcess, wait_until
from servers.processes import free_port

from embedded.wordpress import Blueprint, WordPressSite, ensure, fetch_many
from models import (
    Heartbeat,
    InboxMessage,
    InboxState,
    Installation,
    Integration,
    Publication,
    PublicationState,
    Site,
    SiteRunKind,
    SiteStructure,
)
from models.plan_requests import ask_for_plan
from models.schedule_entry import ScheduleEntry
from models.session import session_scope
from models.sites.runs import accept_site_run
from tasks.doorbell import ring, ring_site_runs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.wordpress,
    pytest.mark.usefixtures("sqlite_database"),
    pytest.mark.parametrize("broker", ["valkey"], indirect=True),
]

ON_BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
ROOT = Path(__file__).parents[2]
KEY = "igny8_live_connected-0123456789abcdefghijklmnop"
OTHER_KEY = KEY[:-4] + "-new"
SUITES = ["bookworm", "trixie", "sid"]
GRANIAN = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--host", "127.0.0.1"]
# As LiteSpeed and PHP-FPM have it: the visitor has the answer, and the request goes on. Another
# plugin has a session, whose lock the visitor's next request would wait for.
ENDS_THE_ANSWER = """<?php
add_action( 'init', static fn() => session_start( array( 'save_path' => sys_get_temp_dir() ) ) );
function litespeed_finish_request() {
	$is_open = PHP_SESSION_ACTIVE === session_status();
	update_option( 'session_at_the_end', $is_open ? 'open' : 'shut' );
	return true;
}
"""
SAVES = """<?php
for ( $n = 1; $n <= 60; ++$n ) {
	wp_update_post( array( 'ID' => (int) $argv[1], 'post_title' => "Title $n" ) );
}
"""


@pytest.fixture(scope="module")
def installed():
    """A WordPress with the plugin, which knows nothing of the engine."""
    ensure()
    core = fetch_many(SUITES)["trixie"]
    root = Path(tempfile.mkdtemp(prefix="igny8-connected-", dir="/var/tmp"))
    root.chmod(0o755)  # pytest's own folder is closed to the account that PHP runs as
    plugin = ROOT / "wordpress-plugin" / "igny8-wp-bridge"
    made = WordPressSite.up(root, Blueprint(core=core, plugin=plugin, workers=6))
    yield made
    made.remove()


@pytest.fixture
def wordpress(installed):
    installed.reset()
    return installed


@pytest.fixture
def site(engine, wordpress):
    """The site's row, with its key; the engine has never heard of its plugin."""
    with session_scope() as session:
        return make_site(session, url=wordpress.url, key=KEY)


@pytest.fixture
def web(engine, tmp_path):
    """The engine's web process; kill it, and it is away."""
    port = free_port()
    command = [*GRANIAN, "--port", str(port), "--blocking-threads", "8", "ingress.wsgi:app"]
    served = LocalProcess("web", command, tmp_path, env={"PYTHONPATH": str(ROOT)}, port=port)
    with served:
        served.wait_for_port()
        yield served


@pytest.fixture
def admin(wordpress):
    return Administrator(wordpress)


@pytest.fixture
def connected(admin, web, site):
    """The administrator of a site on which Connect was pressed."""
    entered = {
        "igny8_api_url": f"http://127.0.0.1:{web.port}",
        "igny8_api_key": KEY,
        "igny8_site_id": str(site.id),
    }
    assert "Settings saved." in admin.save(**entered)
    assert "Connected to IGNY8." in admin.press("igny8_connect"), words_of(admin.page())
    return admin


@pytest.fixture
def post(connected, site):
    """The publication of a content that is on the site, its own event read."""
    publication = make_publication(integration_of(site), title="A walk")
    ring()
    wait_until(
        lambda: reload(publication).state is PublicationState.PUBLISHED,
        timeout=120,
        what="the publish",
    )
    connected.run_cron()
    wait_for_inbox(1)
    return reload(publication)


def integration_of(site):
    with session_scope(read_only=True) as session:
        return session.scalars(sa.select(Integration).filter_by(site_id=site.id)).one()


def inbox():
    with session_scope(read_only=True) as session:
        return session.scalars(sa.select(InboxMessage).order_by(InboxMessage.id)).all()


def wait_for_inbox(count, *, visited=None):
    """Wait until so many messages have come, and all are read; ``visited`` is a site's admin."""

    def read():
        if visited is not None:
            visited.run_cron()
        rows = inbox()
        unread = {InboxState.WAITING, InboxState.READING} & {row.state for row in rows}
        return rows if len(rows) >= count and not unread else None

    return wait_until(read, timeout=120, what=f"{count} messages that are read")


@ON_BOTH
def test_one_press_connects_registers_and_brings_the_structure(connected, site):
    integration = integration_of(site)
    with session_scope(read_only=True) as session:
        [installation] = session.scalars(sa.select(Installation).filter_by(site_id=site.id))
        structure = session.get_one(SiteStructure, integration.id)

    assert installation.version == "1.5.0"
    assert (structure.source, set(structure.post_types)) == ("plugin", {"post", "page"})
    assert integration.connection_status in {"connected", "ready"}
    assert reload(site).require_signature
    page = words_of(connected.page())
    assert "Connected and ready" in page
    assert "What the last test looked at" in page


def test_a_wrong_key_is_told_on_the_page(admin, web, site):
    admin.save(
        igny8_api_url=f"http://127.0.0.1:{web.port}",
        igny8_api_key=KEY[::-1],
        igny8_site_id=str(site.id),
    )

    assert "Failed to connect: The site id and the key" in admin.press("igny8_connect")
    assert "Sync now" not in admin.page()


def test_our_own_publish_comes_back_as_an_echo(post):
    [message] = inbox()

    assert (message.state, message.signed) == (InboxState.ECHO, True)


def test_an_editors_change_arrives(connected, post):
    term = connected.write("tags", {"name": "R&D"})["id"]
    connected.write(f"posts/{post.external_id}", {"status": "draft", "tags": [term]})
    connected.run_cron()
    told = wait_for_inbox(3)[1:]

    # In the second of our own publish the site is asked: that answer tells what both would.
    states = {message.state for message in told}
    assert InboxState.APPLIED in states <= {InboxState.APPLIED, InboxState.IGNORED}
    changed = reload(post)
    assert changed.external_status == "draft"
    assert changed.remote_metadata["tags"] == ["R&D"]


@pytest.fixture
def ends_answers_early(wordpress):
    """A PHP that can end an answer before the request has ended."""
    file = wordpress.folder / "wp-content" / "mu-plugins" / "ends-the-answer.php"
    file.write_text(ENDS_THE_ANSWER)
    yield
    file.unlink()


def test_where_php_ends_an_answer_early_a_change_is_sent_without_cron(
    connected, post, ends_answers_early
):
    connected.write(f"posts/{post.external_id}", {"title": "Told at once"})

    *_, told = wait_for_inbox(2)
    assert json.loads(told.body)["post_title"] == "Told at once"
    assert connected.wordpress.php("<?php echo get_option( 'session_at_the_end' );") == "shut"


def test_a_trashed_and_a_deleted_post_are_told(connected, post):
    connected.wordpress.php(
        "<?php wp_trash_post( (int) $argv[1] ); wp_delete_post( (int) $argv[1], true );",
        post.external_id,
    )
    connected.run_cron()
    wait_for_inbox(3)

    assert reload(post).external_status == "gone"


@ON_BOTH
def test_what_was_edited_while_we_were_away_arrives_in_its_order(connected, post, web):
    web.kill()
    connected.wordpress.php(SAVES, post.external_id)
    connected.run_cron()
    assert "Changes to be sent 60" in words_of(connected.page())
    assert len(inbox()) == 1

    web.start().wait_for_port()
    connected.press("igny8_sync_now")
    sequences = [message.sequence for message in wait_for_inbox(61, visited=connected)]
    assert sequences == sorted(set(sequences))
    assert "Changes to be sent 0" in words_of(connected.page())


def test_a_key_that_is_replaced_at_once_loses_no_change(connected, post, site, web):
    with session_scope() as session:
        session.get_one(Site, site.id).set_key(OTHER_KEY)
    connected.write(f"posts/{post.external_id}", {"title": "Under the old key"})
    connected.run_cron()
    assert "Changes to be sent 1" in words_of(connected.page())

    connected.save(
        igny8_api_url=f"http://127.0.0.1:{web.port}",
        igny8_api_key=OTHER_KEY,
        igny8_site_id=str(site.id),
    )
    connected.write(f"posts/{post.external_id}", {"title": "Before Connect was pressed"})
    told = wait_for_inbox(3, visited=connected)

    titles = [json.loads(message.body)["post_title"] for message in told[1:]]
    assert titles == ["Under the old key", "Before Connect was pressed"]


def test_the_key_is_rotated_without_an_interruption(connected, post, site):
    integration = integration_of(site)
    with session_scope() as session:
        run, _ = accept_site_run(
            session,
            session.get_one(Integration, integration.id),
            SiteRunKind.KEY_ROTATION,
            arguments={"overlap_hours": 1},
        )
    ring_site_runs()
    wait_until(lambda: reload(run).finished_at, timeout=120, what="the rotation")
    assert reload(run).state == "succeeded", reload(run).result

    stored = connected.wordpress.php("<?php echo get_option( 'igny8_api_key' );")
    assert stored == reload(site).wp_api_key != KEY
    connected.write(f"posts/{post.external_id}", {"title": "After the rotation"})
    connected.run_cron()
    assert wait_for_inbox(2)[-1].state is InboxState.APPLIED


def entry_of(content):
    with session_scope(read_only=True) as session:
        query = sa.select(ScheduleEntry).filter_by(content_id=content.id)
        return session.scalars(query).one_or_none()


def is_planned(content):
    entry = entry_of(content)
    return entry is not None and entry.slot_at is not None


def test_approved_content_goes_out_by_beat_alone_when_its_window_opens(connected, site):
    closed = every_hour(publish_time_slots=[{"start": "22:00", "end": "23:00"}])
    with session_scope() as session:
        settings_for(session, session.merge(site), **closed)
        content = make_content(session, session.merge(site), title="At its time")
    wait_until(lambda: is_planned(content), timeout=120, what="its slot")
    wait_for_ticks()
    posts = "<?php echo wp_count_posts()->publish;"
    before = connected.wordpress.php(posts)
    assert entry_of(content).publication_id is None

    with session_scope() as session:
        settings_for(session, session.merge(site), **every_hour())
        ask_for_plan(session, [site.id])
    wait_until(lambda: entry_of(content).publication_id, timeout=120, what="its publish")
    [publication] = publications_of(content)
    wait_until(
        lambda: reload(publication).state is PublicationState.PUBLISHED,
        timeout=120,
        what="the post",
    )

    assert int(connected.wordpress.php(posts)) == int(before) + 1
    title = f"<?php echo get_the_title( {reload(publication).external_id} );"
    assert connected.wordpress.php(title) == "At its time"
    entry = entry_of(content)
    assert entry.slot_at <= entry.taken_at <= reload(publication).published_at < entry.slot_until


def publications_of(content):
    with session_scope(read_only=True) as session:
        return session.scalars(sa.select(Publication).filter_by(content_id=content.id)).all()


def wait_for_ticks():
    """Wait until everything that could send something has had its chance."""
    names = ("plan_slots", "due_slots", "dispatch")

    def beats():
        with session_scope(read_only=True) as session:
            return [session.get_one(Heartbeat, name).at for name in names]

    for _ in range(3):
        seen = beats()
        wait_until(
            lambda seen=seen: all(at > then for at, then in zip(beats(), seen, strict=True)),
            what="a tick of each",
        )
