"""`igny8 site`: adding, listing, checking, and what it says of a site that is not well."""

import json
import re
import socket

import pytest
import sqlalchemy as sa
from commands import igny8
from factories import SITE_KEY, make_integration, make_site, reload

import settings
from models import Account, Installation, Integration, Site
from models.clock import now
from models.session import session_scope
from models.sites.keys import KeyKind, find_by_key, start_rotation
from platforms.key_refusals import WRONG_KEY


def only(kind):
    with session_scope(read_only=True) as session:
        return session.scalars(sa.select(kind)).one()


def answering(httpserver, body, status):
    text = body if isinstance(body, str) else json.dumps(body)
    httpserver.expect_request("/wp-json/igny8/v1/status").respond_with_data(text, status)
    return httpserver.url_for("")


@pytest.fixture(scope="session")
def httpserver_listen_address():
    return "127.0.0.1", 0


@pytest.fixture
def closed_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_add_stores_the_site_with_its_key_encrypted_and_its_address_normalised(database):
    ran = igny8("site", "add", "HTTPS://Example.COM:443/blog/", "--key", SITE_KEY, "--no-check")

    assert (ran.code, "Added site" in ran.out) == (0, True)
    site, integration = only(Site), only(Integration)
    assert (site.url, site.wp_api_key) == ("https://example.com/blog", SITE_KEY)
    assert integration.config_json == {"site_url": site.url}
    assert (integration.external_site_url, only(Account).name) == (site.url, "default")
    with session_scope(read_only=True) as session:
        stored = session.execute(sa.text("select wp_api_key from sites")).scalar()
    assert SITE_KEY not in stored


def test_adding_again_changes_the_key_and_says_so(database):
    igny8("site", "add", "https://example.com", "--key", "old-key", "--no-check")

    ran = igny8("site", "add", "https://example.com/", "--key", "new-key", "--no-check")
    again = igny8("site", "add", "https://example.com/", "--key", "new-key", "--no-check")

    assert ran.out.startswith("Changed the key")
    assert again.out.startswith("Nothing new")
    assert only(Site).wp_api_key == "new-key"


def connected():
    """A site that was seen to work with its key."""
    igny8("site", "add", "https://example.com", "--key", SITE_KEY, "--no-check")
    with session_scope() as session:
        session.execute(sa.update(Integration).values(connection_status="connected"))
    return only(Site)


def test_a_key_in_use_is_not_replaced_by_typing_the_command_again(database):
    site = connected()

    ran = igny8("site", "add", site.url, "--generate-key")

    assert (ran.code, only(Site).wp_api_key) == (4, SITE_KEY)
    assert f"igny8 site rotate-key {site.id}" in ran.err
    assert "--replace" in ran.err


def test_the_same_key_again_is_no_other_one(database):
    ran = igny8("site", "add", connected().url, "--key", SITE_KEY, "--no-check")

    assert (ran.code, ran.out.startswith("Nothing new")) == (0, True)


@pytest.mark.parametrize(
    ("hours", "kind"),
    [
        pytest.param([], KeyKind.PREVIOUS, id="with an overlap"),
        pytest.param(["--overlap-hours", "0"], None, id="at once, as when it has leaked"),
    ],
)
def test_replacing_a_key_ends_a_rotation_and_goes_on_accepting_the_old_one(database, hours, kind):
    site = connected()
    with session_scope() as session:
        start_rotation(session, session.get_one(Site, site.id))

    ran = igny8("--json", "site", "add", site.url, "--generate-key", "--replace", *hours)

    found = only(Site)
    assert (ran.code, found.wp_api_key, found.next_api_key) == (0, ran.json["key"], None)
    with session_scope(read_only=True) as session:
        old = find_by_key(session, SITE_KEY)
    assert (old and old[1]) == kind


def test_a_key_from_stdin_is_stored_without_its_newline(database):
    ran = igny8("site", "add", "https://e.com", "--key-stdin", "--no-check", stdin="a-key\n")

    assert (ran.code, only(Site).wp_api_key) == (0, "a-key")


def test_a_generated_key_is_shown_once(database):
    ran = igny8("--json", "site", "add", "https://example.com", "--generate-key")

    assert ran.json["key"].startswith("igny8_live_")
    assert ran.json["key"] == only(Site).wp_api_key
    assert ran.json["key"] not in igny8("--json", "site", "list").out


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        pytest.param(["ftp://x.de", "--key", "k"], 4, "does not start with http", id="ftp"),
        pytest.param(["example.com", "--key", "k"], 4, "does not start with http", id="no scheme"),
        pytest.param(["https://u:secret@x.de", "--key", "k"], 4, "user name", id="login"),
        pytest.param(["https://x.de/?p=1", "--key", "k"], 4, "leave out", id="query"),
        pytest.param(["https://x.de/#a", "--key", "k"], 4, "leave out", id="fragment"),
        pytest.param(["https://x .de", "--key", "k"], 4, "without spaces", id="space"),
        pytest.param(["https://x.de:99999", "--key", "k"], 4, "Port", id="port"),
        pytest.param(["https://x.de", "--key", ""], 4, "the key is empty", id="empty key"),
        pytest.param(["https://x.de", "--key", "a b"], 4, "spaces", id="key with a space"),
        pytest.param(["https://x.de", "--key", "clé"], 4, "unusual", id="key not ASCII"),
        pytest.param(["https://x.de"], 2, "give the key", id="no key, no terminal"),
        pytest.param(["https://x.de", "--key", "k", "--generate-key"], 2, "one of", id="two keys"),
    ],
)
def test_bad_input_is_refused_in_words(sqlite_database, words, code, reason):
    ran = igny8("site", "add", *words)

    assert (ran.code, reason in ran.err) == (code, True), ran.err
    assert "secret" not in ran.err
    with session_scope(read_only=True) as session:
        assert session.scalars(sa.select(Site)).all() == []


def test_a_key_belongs_to_one_site(sqlite_database):
    igny8("site", "add", "https://one.de", "--key", "same", "--no-check")

    ran = igny8("site", "add", "https://two.de", "--key", "same", "--no-check")

    assert (ran.code, "https://one.de has this key already" in ran.err) == (4, True)


def test_an_international_name_is_kept_in_punycode(sqlite_database):
    igny8("site", "add", "https://münchen.de", "--key", "k", "--no-check")

    assert only(Site).url == "https://xn--mnchen-3ya.de"
    assert igny8("site", "check", "https://MÜNCHEN.de/").code == 3


def test_add_says_what_it_saw_at_the_site(database, simulated_site):
    ran = igny8("--json", "site", "add", simulated_site.url, "--key", SITE_KEY)

    assert (ran.code, ran.json["check"]["ok"]) == (0, True)
    assert only(Integration).connection_status == "connected"


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        pytest.param("<html>Hello</html>", 200, "REST API", id="HTML answer"),
        pytest.param(WRONG_KEY, 401, "does not accept our key", id="wrong key"),
        pytest.param({"code": "rest_no_route"}, 404, "not active", id="plugin missing"),
        pytest.param({"plugin_version": "1.3.3"}, 200, "1.3.3", id="plugin too old"),
        pytest.param({"error": "boom"}, 503, "503", id="site broken"),
        pytest.param({"code": "blocked"}, 403, "firewall", id="blocked"),
    ],
)
def test_a_site_that_is_not_well_is_stored_and_told_of(
    sqlite_database, httpserver, body, status, reason
):
    url = answering(httpserver, body, status)

    ran = igny8("site", "add", url, "--key", SITE_KEY)

    assert (ran.code, reason in ran.err) == (3, True), ran.err
    assert (only(Site).wp_api_key, only(Integration).connection_status) == (SITE_KEY, "error")
    assert SITE_KEY not in ran.out + ran.err


def test_a_site_that_is_down_is_stored_and_told_of(sqlite_database, closed_port):
    ran = igny8("site", "add", f"http://127.0.0.1:{closed_port}", "--key", SITE_KEY)

    assert (ran.code, "could not connect" in ran.err, "site check" in ran.err) == (3, True, True)


def test_something_that_is_not_a_wordpress_is_named_so(sqlite_database, httpserver):
    httpserver.expect_request(re.compile(".*")).respond_with_data("<h1>Not here</h1>", 404)

    ran = igny8("site", "add", httpserver.url_for(""), "--key", SITE_KEY)

    assert (ran.code, "WordPress" in ran.err) == (3, True), ran.err


def test_check_wakes_a_suspended_site(database, simulated_site):
    with session_scope() as session:
        site = make_site(session, url=simulated_site.url, key=SITE_KEY)
        parked = make_integration(session, site, suspended_at=None, suspended_reason="wrong key")
        session.execute(sa.update(Integration).values(suspended_at=now()))

    ran = igny8("site", "check", site.id)

    found = reload(parked)
    assert ran.code == 0, ran.err
    assert (found.suspended_at, found.suspended_reason) == (None, None)
    assert found.connection_status == "connected"


def test_check_asks_all_sites_and_fails_when_one_is_not_well(
    sqlite_database, simulated_site, closed_port
):
    igny8("site", "add", simulated_site.url, "--key", SITE_KEY, "--no-check")
    igny8("site", "add", f"http://127.0.0.1:{closed_port}", "--key", "other", "--no-check")

    ran = igny8("--json", "site", "check")

    assert ran.code == 3
    assert [check["ok"] for check in ran.json["checks"]] == [True, False]


@pytest.mark.parametrize("name", ["99", "https://nowhere.example", "99999999999999999999"])
def test_an_unknown_site_is_named(sqlite_database, name):
    ran = igny8("site", "check", name)

    assert (ran.code, "there is no site" in ran.err) == (4, True)


def test_list_shows_the_key_only_masked(database):
    igny8("site", "add", "https://example.com", "--key", SITE_KEY, "--no-check")

    ran = igny8("--json", "site", "list")

    (site,) = ran.json["sites"]
    assert (site["url"], SITE_KEY in ran.out) == ("https://example.com", False)
    assert site["key"].endswith(SITE_KEY[-4:])


def test_list_shows_the_version_of_the_plugin(database):
    site = connected()
    with session_scope() as session:
        session.add(Installation(site_id=site.id, version="1.5.0", last_seen=now()))

    assert igny8("--json", "site", "list").json["sites"][0]["plugin_version"] == "1.5.0"
    assert "\t1.5.0\t" in igny8("site", "list").out


def test_a_private_address_is_refused_until_it_is_allowed(
    sqlite_database, environment, tmp_path, simulated_site
):
    environment.delenv("IGNY8_ALLOWED_PRIVATE_HOSTS")
    environment.setitem(settings.Settings.model_config, "env_file", tmp_path / ".env")
    settings.current.cache_clear()
    (tmp_path / ".env").write_text("LOG_LEVEL=INFO\n")

    refused = igny8("site", "add", simulated_site.url, "--key", SITE_KEY)
    allowed = igny8("site", "add", simulated_site.url, "--key", SITE_KEY, "--allow-private")

    assert (refused.code, "--allow-private" in refused.err) == (4, True), refused.err
    assert allowed.code == 0, allowed.err
    assert (tmp_path / ".env").read_text() == (
        "LOG_LEVEL=INFO\nIGNY8_ALLOWED_PRIVATE_HOSTS=127.0.0.1\n"
    )


def test_errors_under_json_are_json_on_stderr(sqlite_database):
    ran = igny8("--json", "site", "check", "7")

    assert (ran.out, json.loads(ran.err)["code"]) == ("", 4)
