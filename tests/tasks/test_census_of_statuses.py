"""What a listing says of a post's status is older than what was heard while it was read."""

import pytest
from census_looks import census, conflicts
from chains import run_due
from factories import make_publication, reload
from planned_entries import change
from test_census_repairs import meanwhile

from pipeline.census import Kind
from tasks.sites import census_taking


@pytest.fixture
def trashed(integration, simulated_site):
    row = make_publication(integration, title="A walk")
    run_due()
    simulated_site.trash(int(reload(row).external_id))
    return reload(row)


def after_the_listing(monkeypatch, act):
    listed = census_taking._listed

    def slow(platform):
        yield from listed(platform)
        act()

    monkeypatch.setattr(census_taking, "_listed", slow)


def test_a_status_that_was_told_meanwhile_stays(integration, trashed, monkeypatch):
    meanwhile(monkeypatch, lambda _: change(trashed, external_status="draft"))

    assert census(integration) == []
    assert reload(trashed).external_status == "draft"
    assert conflicts() == []


def test_what_came_back_after_the_listing_is_not_told_as_removed(
    integration, trashed, simulated_site, monkeypatch
):
    after_the_listing(monkeypatch, lambda: simulated_site.untrash(int(trashed.external_id)))

    assert census(integration) == []
    assert reload(trashed).external_status == "publish"
    assert conflicts() == []


def test_what_went_into_the_trash_after_the_listing_has_not_returned(
    integration, trashed, simulated_site, monkeypatch
):
    assert census(integration) == [Kind.REMOVED]
    simulated_site.untrash(int(trashed.external_id))
    after_the_listing(monkeypatch, lambda: simulated_site.trash(int(trashed.external_id)))

    assert census(integration) == []
    assert reload(trashed).external_status == "trash"
