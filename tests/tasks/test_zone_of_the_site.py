"""A connection test finds the site's time zone, and the schedule goes by it."""

import pytest
from planned_entries import settings_for
from site_chains import run

from models import PublishingSettings, Site, SiteRunKind
from models.session import session_scope

TEST = SiteRunKind.CONNECTION_TEST


def zone_after_a_test(integration, **known):
    with session_scope() as session:
        settings_for(session, session.get_one(Site, integration.site_id), plan_due=False, **known)
    run(integration, TEST)
    with session_scope(read_only=True) as session:
        found = session.get_one(PublishingSettings, integration.site_id)
        return found.time_zone, found.time_zone_source, found.plan_due


@pytest.mark.parametrize(
    ("known", "zone"),
    [
        pytest.param({}, ("Europe/Berlin", "wordpress", True), id="first"),
        pytest.param(
            {"time_zone": "Asia/Tokyo", "time_zone_source": "wordpress"},
            ("Europe/Berlin", "wordpress", True),
            id="it-has-changed-there",
        ),
        pytest.param(
            {"time_zone": "Europe/Berlin", "time_zone_source": "wordpress"},
            ("Europe/Berlin", "wordpress", False),
            id="it-is-as-it-was",
        ),
        pytest.param(
            {"time_zone": "Asia/Tokyo", "time_zone_source": "person"},
            ("Asia/Tokyo", "person", False),
            id="a-person-has-chosen",
        ),
    ],
)
def test_the_zone_of_wordpress_is_kept_and_planned_by(integration, known, zone):
    assert zone_after_a_test(integration, **known) == zone


def test_a_site_that_nobody_has_scheduled_gets_no_settings(integration):
    run(integration, TEST)

    with session_scope(read_only=True) as session:
        assert session.get(PublishingSettings, integration.site_id) is None
