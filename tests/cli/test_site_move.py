"""`igny8 site move`: a site has another address from now on."""

import pytest
from commands import igny8
from factories import make_integration, make_site, reload

import settings
from cli.exits import Exit
from models.session import session_scope

NEW = "https://moved.example"


@pytest.fixture
def row(sqlite_database):
    with session_scope() as session:
        return make_integration(session)


def test_its_address_is_written_in_one_form(row):
    ran = igny8("--json", "site", "move", row.site_id, "https://MOVED.example/")

    assert ran.code == 0
    names = {"site": row.site_id, "site_id": row.site_id, "url": NEW}
    assert ran.json == names | {"previous_url": row.site.url}
    assert reload(row).config_json["site_url"] == reload(row).external_site_url == NEW


def test_it_is_found_by_its_new_address_and_shown_with_it(row):
    igny8("site", "move", row.site.url, NEW)

    assert igny8("--json", "site", "pace", NEW).json["site"] == row.site_id
    assert igny8("--json", "site", "list").json["sites"][0]["url"] == NEW


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("moved.example", id="no scheme"),
        pytest.param("http://10.0.0.7", id="a private address"),
        pytest.param(None, id="its own"),
    ],
)
def test_what_is_no_other_address_changes_nothing(row, url):
    ran = igny8("site", "move", row.site_id, url or row.site.url)

    assert ran.code == Exit.BAD_INPUT
    assert reload(row).site_url == row.site.url


def add(row, url, *options):
    account = row.site.account.name
    return igny8("--json", "site", "add", url, "--generate-key", "--account", account, *options)


def test_adding_it_again_at_its_new_address_is_no_second_site(row):
    igny8("site", "move", row.site_id, NEW)

    ran = add(row, NEW, "--replace")

    assert (ran.json["added"], ran.json["site"]["id"]) == (False, row.site_id)
    assert reload(row.site).wp_api_key == ran.json["key"]


def test_its_key_in_use_is_not_replaced_at_its_new_address_either(row):
    igny8("site", "move", row.site_id, NEW)

    assert add(row, NEW).code == Exit.BAD_INPUT
    assert reload(row.site).wp_api_key == row.site.wp_api_key


@pytest.mark.parametrize("options", [[], ["--replace"]])
def test_where_it_was_no_site_is_added_and_its_key_is_left_alone(row, options):
    igny8("site", "move", row.site_id, NEW)

    ran = add(row, row.site.url, *options)

    assert ran.code == Exit.BAD_INPUT
    assert f"site {row.site_id}, added as {row.site.url}, is at {NEW} by now" in ran.err
    assert reload(row.site).wp_api_key == row.site.wp_api_key


def test_another_account_may_have_a_site_there_too(row):
    igny8("site", "move", row.site_id, NEW)

    ran = igny8("--json", "site", "add", NEW, "--generate-key", "--account", "another")

    assert (ran.code, ran.json["added"]) == (0, True)


@pytest.fixture
def neighbour(row):
    """Another site of the same account."""
    with session_scope() as session:
        return make_integration(session, make_site(session, session.merge(row.site.account)))


def test_it_can_not_move_to_where_another_site_of_its_account_is(row, neighbour):
    ran = igny8("site", "move", row.site_id, neighbour.site.url)

    assert ran.code == Exit.BAD_INPUT
    assert f"site {neighbour.site_id} is at {neighbour.site.url}" in ran.err
    assert reload(row).site_url == row.site.url


def test_it_may_move_to_where_another_site_was_and_is_then_the_one_found_there(row, neighbour):
    igny8("site", "move", neighbour.site_id, NEW)

    ran = igny8("site", "move", row.site_id, neighbour.site.url)

    assert ran.code == 0, ran.err
    shown = igny8("--json", "site", "pace", neighbour.site.url)
    assert (shown.code, shown.json["site"]) == (0, row.site_id)


def test_a_private_address_is_allowed_by_an_option_of_the_command_that_was_typed(row):
    ran = igny8("site", "move", row.site_id, "http://10.0.0.7")

    assert "igny8 site move SITE URL --allow-private" in ran.err


@pytest.fixture
def dotenv(environment, tmp_path):
    """The `.env` that an allowed host is noted in."""
    environment.setitem(settings.Settings.model_config, "env_file", tmp_path / ".env")
    environment.delenv("IGNY8_ALLOWED_PRIVATE_HOSTS")
    settings.current.cache_clear()
    return tmp_path / ".env"


def test_a_private_address_is_noted_with_the_move(row, dotenv):
    ran = igny8("site", "move", row.site_id, "http://10.0.0.7", "--allow-private")

    assert ran.code == 0, ran.err
    assert "10.0.0.7" in dotenv.read_text()


def test_a_private_address_that_is_refused_is_not_noted(row, neighbour, dotenv):
    with session_scope() as session:
        there = session.merge(neighbour)
        there.config_json = {"site_url": "http://10.0.0.7"}
        there.external_site_url = "http://10.0.0.7"

    ran = igny8("site", "move", row.site_id, "http://10.0.0.7", "--allow-private")

    assert ran.code == Exit.BAD_INPUT
    assert not dotenv.exists()
