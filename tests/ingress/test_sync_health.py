"""sync-health: totals, last success, failures, pending, lag, hourly (S107, S247)."""

import sqlalchemy as sa
from factories import make_publication
from ingress_rows import finish
from site_calls import at

from models import EventStatus, InboxMessage, Publication, SyncEvent
from models.clock import now_plus
from models.session import session_scope
from tasks.sites.health import roll_up


def tell(tenant, status, **more):
    with session_scope() as session:
        session.add(
            SyncEvent(
                account_id=tenant.account.id,
                site_id=tenant.site.id,
                integration_id=tenant.integration.id,
                event_type="publish",
                action="content_publish",
                status=status,
                description="x",
                **more,
            )
        )


def health(api, tenant):
    return api.get(at(tenant, "sync-health/")).get_json()


def test_a_new_site_has_nothing_to_tell(api, tenant):
    told = health(api, tenant)

    assert (told["total_synced"], told["succeeded"], told["failed"]) == (0, 0, 0)
    assert (told["last_success_at"], told["lag_seconds"], told["hourly"]) == (None, 0, [])


def test_outcomes_are_counted(api, tenant):
    finish(make_publication(tenant.integration).id)
    tell(tenant, EventStatus.SUCCESS)
    tell(tenant, EventStatus.FAILED, error_message="the site was away")
    tell(tenant, EventStatus.SKIPPED, direction="wp_to_igny8")

    told = health(api, tenant)

    assert told["total_synced"] == 1
    assert (told["succeeded"], told["failed"], told["skipped"]) == (1, 1, 1)
    assert told["last_success_at"] is not None
    assert told["last_error"] == "the site was away"
    assert {each["direction"] for each in told["hourly"]} == {"igny8_to_wp", "wp_to_igny8"}


def test_a_roll_up_changes_nothing_that_is_shown(api, tenant):
    for _ in range(3):
        tell(tenant, EventStatus.SUCCESS, created_at=now_plus(-3600))
    before = health(api, tenant)

    assert roll_up() == 3

    assert health(api, tenant) == before


def test_what_waits_and_for_how_long(api, tenant):
    waits = make_publication(tenant.integration)
    with session_scope() as session:
        session.execute(sa.update(Publication).filter_by(id=waits.id).values(due_at=now_plus(-120)))
        session.add(
            InboxMessage(
                site_id=tenant.site.id,
                message_id="1",
                door="status",
                body=b"{}",
                body_digest="x",
                signed=True,
                attempts=0,
                fence=0,
            )
        )

    told = health(api, tenant)

    assert told["pending"] == {"waiting": 1, "publishing": 0, "webhooks": 1}
    assert 120 <= told["lag_seconds"] < 600


def test_what_is_due_later_is_no_lag(api, tenant):
    waits = make_publication(tenant.integration)
    with session_scope() as session:
        session.execute(sa.update(Publication).filter_by(id=waits.id).values(due_at=now_plus(3600)))

    assert health(api, tenant)["lag_seconds"] == 0
