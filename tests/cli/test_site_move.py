"""`igny8 site move`: a site has another address from now on."""

import pytest
from commands import igny8
from factories import make_integration, reload

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
    assert ran.json == {"site": row.site_id, "url": NEW, "previous_url": row.site.url}
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
