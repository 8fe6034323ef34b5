"""What a site, its integration and an event are made of: fields, defaults, and what is kept out."""

import pytest
import sqlalchemy as sa
from factories import make_integration, make_site
from sqlalchemy.exc import IntegrityError

from models import EventStatus, Integration, Site, SyncEvent

LEGACY = {"wp_url", "wp_username", "wp_app_password"}


def columns(table):
    return {column.name for column in table.__table__.columns}


@pytest.mark.parametrize(
    ("table", "names"),
    [
        pytest.param(
            Integration,
            "account_id site_id platform platform_type config_json credentials is_active "
            "sync_enabled last_sync_at sync_status sync_error created_at external_site_url "
            "connection_status",
            id="integration",
        ),
        pytest.param(Site, "account_id name url wp_api_key hosting_type", id="site"),
        pytest.param(
            SyncEvent,
            "integration_id site_id account_id event_type action description status direction "
            "content_type content_id external_id error_message details duration_ms created_at",
            id="event",
        ),
    ],
)
def test_the_fields_of_the_specification(table, names):
    assert set(names.split()) <= columns(table)


def test_a_new_integration(session):
    made = make_integration(session)
    session.refresh(made)

    assert (made.platform, made.platform_type) == ("wordpress", "cms")
    assert (made.is_active, made.sync_enabled, made.sync_status) == (True, True, "pending")
    assert made.credentials is None


def test_a_site_has_one_integration_per_platform(session):
    site = make_site(session)
    make_integration(session, site)
    make_integration(session, site, platform="another")

    with pytest.raises(IntegrityError):
        make_integration(session, site)


def test_a_site_has_no_columns_for_passwords():
    assert not columns(Site) & LEGACY


def test_credentials_are_unreadable_in_the_database(session):
    made = make_integration(session, credentials='{"password": "hunter2"}')
    session.flush()
    session.expire_all()

    (raw,) = session.scalars(sa.text("select credentials from site_integrations"))
    assert "hunter2" not in raw
    assert made.credentials == '{"password": "hunter2"}'


def test_an_event_has_a_direction_and_a_status_that_tells_success(session):
    made = make_integration(session)
    event = SyncEvent(
        account_id=made.account_id,
        site_id=made.site_id,
        integration_id=made.id,
        event_type="publish",
        action="content_publish",
        status=EventStatus.SKIPPED,
        description="Nothing to do",
    )
    session.add(event)
    session.flush()

    assert (event.direction, event.content_type, event.success) == ("igny8_to_wp", "post", False)
    assert event.details == {}
