"""GET events/: the history of one integration, in pages, by what one looks for."""

from datetime import UTC, datetime, timedelta

import pytest
from ingress_rows import problem_of
from site_calls import at, plugin

from models import EventStatus, SyncEvent
from models.session import session_scope

START = datetime(2026, 5, 1, tzinfo=UTC)


def happened(tenant, minute=0, **values):
    """Write an event of a tenant, so many minutes after the start; return its id."""
    row = SyncEvent(
        account_id=tenant.account.id,
        site_id=tenant.site.id,
        integration_id=tenant.integration.id,
        created_at=START + timedelta(minutes=minute),
        **{
            "event_type": "publish",
            "action": "content_publish",
            "status": EventStatus.SUCCESS,
            "description": "Published",
        }
        | values,
    )
    with session_scope() as session:
        session.add(row)
        session.flush()
        return row.id


def listed(api, tenant, **query):
    answer = api.get(at(tenant, "events/"), query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def ids(page):
    return [event["id"] for event in page["results"]]


def test_an_event_is_shown_whole(api, tenant):
    id_ = happened(
        tenant,
        status=EventStatus.FAILED,
        content_id=tenant.content.id,
        external_id="912",
        error_message="The site is away.",
        details={"code": "unreachable"},
        duration_ms=31,
    )

    [event] = listed(api, tenant)["results"]

    assert event == {
        "id": id_,
        "account_id": tenant.account.id,
        "site_id": tenant.site.id,
        "site_integration_id": tenant.integration.id,
        "event_type": "publish",
        "action": "content_publish",
        "status": "failed",
        "success": False,
        "direction": "igny8_to_wp",
        "content_type": "post",
        "description": "Published",
        "content_id": tenant.content.id,
        "external_id": "912",
        "error_message": "The site is away.",
        "details": {"code": "unreachable"},
        "metadata": {"code": "unreachable"},
        "duration_ms": 31,
        "created_at": "2026-05-01T00:00:00Z",
    }


def test_they_come_in_pages_newest_first(api, tenant):
    made = [happened(tenant, minute) for minute in range(5)]
    first = listed(api, tenant, limit=3)
    happened(tenant, 9)

    second = listed(api, tenant, limit=3, cursor=first["next_cursor"])

    assert ids(first) + ids(second) == made[::-1]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({}, [0, 1, 2, 3], id="all"),
        pytest.param({"event_type": "webhook"}, [2], id="event_type"),
        pytest.param({"status": "failed"}, [1], id="status"),
        pytest.param({"direction": "wp_to_igny8"}, [2, 3], id="direction"),
        pytest.param({"since": "2026-05-01T00:02:00Z"}, [2, 3], id="since"),
        pytest.param({"since": "2026-05-01T02:03:00+02:00"}, [3], id="since-in-another-zone"),
        pytest.param({"since": "0001-01-01T00:00:00+14:00"}, [0, 1, 2, 3], id="since-ever"),
        pytest.param({"since": "9999-12-31T23:59:59-12:00"}, [], id="since-never"),
        pytest.param({"direction": "wp_to_igny8", "status": "skipped"}, [3], id="two"),
        pytest.param({"event_type": "content_pull"}, [], id="a-kind-that-is-not-written"),
    ],
)
def test_they_are_chosen_by(api, tenant, query, expected):
    made = [
        happened(tenant, 0),
        happened(tenant, 1, status=EventStatus.FAILED, event_type="error"),
        happened(tenant, 2, event_type="webhook", direction="wp_to_igny8"),
        happened(
            tenant,
            3,
            event_type="metadata_sync",
            direction="wp_to_igny8",
            status=EventStatus.SKIPPED,
        ),
    ]

    assert sorted(ids(listed(api, tenant, **query))) == [made[number] for number in expected]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"status": "well"}, id="no-status"),
        pytest.param({"direction": "sideways"}, id="no-direction"),
        pytest.param({"since": "2026-05-01T00:00:00"}, id="no-zone"),
        pytest.param({"since": "yesterday"}, id="no-time"),
        pytest.param({"cursor": "nonsense"}, id="no-cursor"),
        pytest.param({"limit": 0}, id="no-page"),
        pytest.param({"colour": "red"}, id="unknown"),
    ],
)
def test_what_makes_no_sense_is_refused(api, tenant, query):
    problem_of(api.get(at(tenant, "events/"), query_string=query), 400, "invalid_fields")


def test_only_ones_own_are_shown(api, client, tenant, stranger):
    own = happened(tenant)
    happened(stranger)

    assert ids(listed(api, tenant)) == ids(listed(plugin(client, tenant), tenant)) == [own]
    problem_of(api.get(at(stranger, "events/")), 404, "not_found")
    problem_of(plugin(client, tenant).get(at(stranger, "events/")), 404, "not_found")
