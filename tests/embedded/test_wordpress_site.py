"""A WordPress site of our own: made, shared by tests, and gone without a trace."""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.wordpress import (
    Blueprint,
    CannotFetch,
    CannotInstall,
    CannotStart,
    NoSite,
    PhpFailed,
    WordPressSite,
    ensure,
    fetch,
    fetch_dropin,
)
from embedded.wordpress.processes import Account, Daemon

pytestmark = pytest.mark.wordpress

PLUGIN = """<?php
/**
 * Plugin Name: Sample
 */
register_activation_hook( __FILE__, static function () { update_option( 'sample', 'WORD' ); } );
add_action( 'rest_api_init', static function () {
    register_rest_route( 'igny8/v1', '/status', array(
        'methods'             => 'GET',
        'permission_callback' => '__return_true',
        'callback'            => static fn() => array( 'sample' => get_option( 'sample' ) ),
    ) );
} );
"""


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    # /var/tmp, because pytest's own folders are closed to the account that runs the servers.
    folder = Path(tempfile.mkdtemp(prefix="igny8-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def core() -> Path:
    try:
        ensure()
        return fetch("trixie")
    except (CannotInstall, CannotFetch) as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def shared(place: Path, core: Path) -> Iterator[WordPressSite]:
    site = WordPressSite.up(place / "site", Blueprint(core, workers=2))
    yield site
    site.remove()


@pytest.fixture
def site(shared: WordPressSite, core: Path) -> WordPressSite:
    """Running, without a plugin, and as empty as on the first day."""
    site = WordPressSite.up(shared.root, Blueprint(core, workers=2))
    site.reset()
    return site


def ask(site: WordPressSite, path: str, body: dict[str, object] | None = None) -> tuple[int, dict]:
    request = urllib.request.Request(site.url + path)
    if body is not None:
        login = base64.b64encode(f"admin:{site.app_password}".encode()).decode()
        request.add_header("Authorization", f"Basic {login}")
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def plugin(folder: Path, word: str) -> Path:
    (folder / "sample").mkdir(parents=True, exist_ok=True)
    (folder / "sample" / "sample.php").write_text(PLUGIN.replace("WORD", word))
    return folder / "sample"


def processes_of(root: Path) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if f"{root}/" in words:
            found.append(words)
    return found


def test_the_api_answers_and_the_application_password_is_accepted(site: WordPressSite) -> None:
    assert ask(site, "/wp-json/wp/v2/types")[0] == 200
    status, post = ask(site, "/wp-json/wp/v2/posts", {"title": "One", "status": "publish"})
    assert (status, post["link"]) == (201, f"{site.url}/one/")


def test_without_the_bridge_there_is_no_status_route(site: WordPressSite) -> None:
    status, problem = ask(site, "/wp-json/igny8/v1/status")
    assert (status, problem["code"]) == (404, "rest_no_route")


def test_a_published_post_shows_its_picture_terms_and_gallery(site: WordPressSite) -> None:
    code = """<?php
    require_once ABSPATH . 'wp-admin/includes/image.php';
    $ids = array();
    foreach ( array( 'a', 'b' ) as $name ) {
        $file  = wp_upload_dir()['path'] . "/$name.jpg";
        imagejpeg( imagecreatetruecolor( 900, 600 ), $file );
        $id    = wp_insert_attachment( array( 'post_mime_type' => 'image/jpeg' ), $file );
        wp_update_attachment_metadata( $id, wp_generate_attachment_metadata( $id, $file ) );
        $ids[] = $id;
    }
    $category = wp_insert_term( 'Gardens', 'category' )['term_id'];
    $post     = wp_insert_post( array(
        'post_title'    => 'Roses',
        'post_status'   => 'publish',
        'post_content'  => '[gallery ids="' . implode( ',', $ids ) . '"]',
        'post_category' => array( $category ),
        'tags_input'    => array( 'thorns' ),
    ) );
    set_post_thumbnail( $post, $ids[0] );
    """
    site.php(code)
    for path, parts in {
        "/roses/": ['class="featured"', ">Gardens</a>", ">thorns</a>", "gallery-item", "<h1>Roses"],
        "/": ['class="picture"', "/roses/"],
    }.items():
        with urllib.request.urlopen(site.url + path, timeout=60) as page:
            html = page.read().decode()
        assert [part for part in parts if part not in html] == []
    assert not site.debug_log.exists(), site.debug_log.read_text()


def test_reset_takes_back_posts_options_tables_and_uploads(site: WordPressSite) -> None:
    before = site.sql("SELECT * FROM wp_posts; SELECT * FROM wp_options ORDER BY option_id")
    site.php(
        "<?php wp_insert_post( array( 'post_title' => 'x' ) ); update_option( 'blogname', 'y' );"
        "$GLOBALS['wpdb']->query( 'CREATE TABLE wp_extra (id INT)' );"
        "wp_upload_bits( 'note.txt', null, 'text' );"
    )
    assert site.sql("SELECT COUNT(*) FROM wp_posts").strip() == "1"
    assert list(site.folder.glob("wp-content/uploads/*/*/note.txt"))

    site.reset()

    after = site.sql("SELECT * FROM wp_posts; SELECT * FROM wp_options ORDER BY option_id")
    assert after == before
    assert "wp_extra" not in site.sql("SHOW TABLES")
    assert not list((site.folder / "wp-content" / "uploads").iterdir())
    assert ask(site, "/wp-json/wp/v2/posts", {"title": "z"})[0] == 201


def test_a_plugin_is_copied_activated_and_exchanged_when_it_changes(
    site: WordPressSite, core: Path, place: Path
) -> None:
    source = plugin(place / "plugins", "first")
    up = WordPressSite.up(site.root, Blueprint(core, source, api_key="key-1", workers=2))
    assert ask(up, "/wp-json/igny8/v1/status") == (200, {"sample": "first"})
    assert up.php("<?php echo get_option( 'igny8_api_key' );") == "key-1"
    shutil.rmtree(up.folder / "wp-content" / "plugins" / "sample")
    assert source.exists()

    plugin(place / "plugins", "second")
    up = WordPressSite.up(site.root, Blueprint(core, source, api_key="key-1", workers=2))
    assert ask(up, "/wp-json/igny8/v1/status") == (200, {"sample": "second"})


def test_up_with_nothing_new_keeps_what_was_published(site: WordPressSite, core: Path) -> None:
    ask(site, "/wp-json/wp/v2/posts", {"title": "Kept", "status": "publish"})
    again = WordPressSite.up(site.root, Blueprint(core, workers=2, api_key="another"))
    assert ask(again, "/wp-json/wp/v2/posts?slug=kept")[0] == 200
    assert again.url == site.url
    assert again.php("<?php echo get_option( 'igny8_api_key' );") == "another"
    again.reset()
    assert again.php("<?php echo get_option( 'igny8_api_key' );") == "another"


def test_stop_leaves_no_process_and_start_brings_everything_back(site: WordPressSite) -> None:
    ask(site, "/wp-json/wp/v2/posts", {"title": "Still here", "status": "publish"})
    assert processes_of(site.root)
    site.stop()
    assert processes_of(site.root) == []
    assert not site.running
    site.stop()

    again = WordPressSite.load(site.root)
    again.start()
    assert again.url == site.url
    assert ask(again, "/wp-json/wp/v2/posts?slug=still-here")[0] == 200


def test_what_a_killed_server_left_behind_is_cleared_away(site: WordPressSite) -> None:
    web = int((site.root / "run" / "php.pid").read_text())
    os.kill(web, signal.SIGKILL)  # its workers live on and hold the port
    (site.root / "run" / "php.pid").unlink()
    again = WordPressSite.load(site.root)
    again.start()
    assert ask(again, "/wp-json/wp/v2/types")[0] == 200
    again.stop()
    assert processes_of(site.root) == []


def test_servers_of_a_site_whose_record_is_gone_can_still_be_halted(site: WordPressSite) -> None:
    record = site.root / "site.json"
    kept = record.read_bytes()
    record.unlink()
    WordPressSite.halt(site.root)
    assert processes_of(site.root) == []
    record.write_bytes(kept)


def test_a_site_whose_port_was_taken_moves_to_another(site: WordPressSite) -> None:
    site.stop()
    taken = site.facts.port
    with socket.create_server(("127.0.0.1", taken)):
        site.start()
    assert site.facts.port != taken
    assert ask(site, "/wp-json/wp/v2/types")[0] == 200


def test_a_database_that_starts_leaves_the_temporary_tables_of_others(site: WordPressSite) -> None:
    others = Path(tempfile.gettempdir()) / f"#sql-temptable-{os.getpid():x}-1-1.MAI"
    others.touch(mode=0o666)
    Account.of_servers().own_file(others)
    site.stop()

    site.start()

    assert others.exists()
    others.unlink()


def test_the_servers_do_not_run_as_root(site: WordPressSite) -> None:
    web = int((site.root / "run" / "php.pid").read_text())
    assert Path(f"/proc/{web}").stat().st_uid != 0


def test_a_plugin_that_breaks_says_so_and_leaves_nothing_running(place: Path, core: Path) -> None:
    broken = plugin(place / "broken", "x")
    (broken / "sample.php").write_text("<?php\n/* Plugin Name: Broken */\nno_such_function();\n")
    root = place / "broken-site"
    with pytest.raises(PhpFailed, match="no_such_function"):
        WordPressSite.up(root, Blueprint(core, broken, workers=2))
    with pytest.raises(NoSite):
        WordPressSite.load(root)
    assert processes_of(root) == []
    shutil.rmtree(root)


def test_a_stale_pid_file_kills_nobody(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "600"]) as stranger:
        daemon = Daemon(tmp_path, "php", "php8.2", "no-such-mark", Account.of_servers())
        daemon.pid_file.write_text(f"{stranger.pid}\n")
        daemon.stop()
        alive = stranger.poll() is None
        stranger.kill()
    assert alive
    assert not daemon.pid_file.exists()


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path, core: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(CannotStart, match="isn't a WordPress site of ours"):
        WordPressSite.up(tmp_path, Blueprint(core))
    assert (tmp_path / "letters.txt").read_text() == "dear"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as somebody else")
def test_a_folder_closed_to_the_servers_is_refused_in_words(tmp_path: Path, core: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(CannotStart, match="may not enter"):
        WordPressSite.up(tmp_path / "site", Blueprint(core))


def test_a_site_on_sqlite_publishes_and_is_put_back(place: Path, core: Path) -> None:
    try:
        ensure(sqlite=True)
        dropin = fetch_dropin()
    except (CannotInstall, CannotFetch) as reason:
        pytest.skip(str(reason))
    site = WordPressSite.up(place / "lite", Blueprint(core, workers=2, sqlite=dropin))
    try:
        assert ask(site, "/wp-json/wp/v2/posts", {"title": "a;b"})[0] == 201
        assert site.sql("SELECT post_title FROM wp_posts WHERE post_title = 'a;b';") == "a;b\n"
        site.reset()
        assert ask(site, "/wp-json/wp/v2/posts", {"title": "Again"})[0] == 201
        assert site.sql("SELECT COUNT(*) FROM wp_posts") == "1\n"
        site.stop()
        assert processes_of(site.root) == []
    finally:
        site.remove()


def test_an_unknown_suite_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(CannotFetch, match="isn't the name"):
        fetch("../etc", tmp_path)
