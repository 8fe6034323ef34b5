"""`igny8 site pace`: how much a site gets at most, shown and changed."""

import pytest
from commands import igny8
from factories import make_integration, reload

from models.session import session_scope

SHOWN = {"posts_per_minute": None, "burst": None, "requests_per_site": None}


@pytest.fixture
def row(sqlite_database):
    with session_scope() as session:
        return make_integration(session, config_json={"site_url": "https://a.example", "other": 1})


def pace(row, *options):
    return igny8("--json", "site", "pace", row.site_id, *options)


def names(row):
    return {"site": row.site_id, "site_id": row.site_id, "url": "https://a.example"}


def test_without_options_it_says_what_holds(row):
    ran = pace(row)

    assert ran.code == 0
    assert ran.json == names(row) | SHOWN
    assert reload(row).config_json == row.config_json


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        pytest.param(["--posts-per-minute", 6], {"posts_per_minute": 6}, id="posts-a-minute"),
        pytest.param(
            ["--posts-per-minute", "0.5", "--burst", 3],
            {"posts_per_minute": 0.5, "burst": 3},
            id="burst",
        ),
        pytest.param(["--requests", 4], {"requests_per_site": 4}, id="requests"),
    ],
)
def test_a_limit_is_kept_beside_the_other_settings(row, options, kept):
    ran = pace(row, *options)

    assert (ran.code, reload(row).config_json) == (0, row.config_json | kept)
    assert ran.json == names(row) | SHOWN | kept


def test_limits_are_changed_one_by_one_and_taken_away(row):
    pace(row, "--posts-per-minute", 6, "--burst", 2, "--requests", 4)
    pace(row, "--posts-per-minute", 12)
    pace(row, "--requests", 0)
    assert reload(row).config_json == row.config_json | {"posts_per_minute": 12, "burst": 2}

    pace(row, "--posts-per-minute", 0)
    assert reload(row).config_json == row.config_json


@pytest.mark.parametrize(
    ("options", "code"),
    [
        pytest.param(["--burst", 3], 4, id="burst-alone"),
        pytest.param(["--posts-per-minute", 0, "--burst", 3], 4, id="burst-without-posts"),
        pytest.param(["--posts-per-minute", -1], 2, id="negative"),
        pytest.param(["--posts-per-minute", "nan"], 2, id="not-a-number"),
        pytest.param(["--posts-per-minute", "many"], 2, id="words"),
        pytest.param(["--burst", "1.5"], 2, id="half-a-post"),
        pytest.param(["--requests", 33], 2, id="too-many-requests"),
    ],
)
def test_what_limits_nothing_is_refused(row, options, code):
    ran = pace(row, *options)

    assert (ran.code, reload(row).config_json) == (code, row.config_json)
    assert ran.err


def test_people_read_it_in_words(row):
    ran = igny8("site", "pace", row.site.url, "--posts-per-minute", "0.5", "--requests", 4)

    assert "0.5 posts a minute, up to 1 at once; 4 requests at a time" in ran.out
    assert (
        "as many posts as it takes; 2 requests"
        in igny8("site", "pace", row.site.url, "--posts-per-minute", 0, "--requests", 0).out
    )


def test_an_unknown_site_is_named(sqlite_database):
    ran = igny8("site", "pace", 77, "--requests", 3)

    assert (ran.code, "no site 77" in ran.err) == (4, True)
