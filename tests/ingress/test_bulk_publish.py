"""POST /api/v1/writer/bulk-publish/: many contents as one job, and what may be done to it."""

import pytest
import sqlalchemy as sa
from factories import make_content, make_integration, make_site
from ingress_rows import finish, issue_token, problem_of

from ingress.contents import bulk
from models import BulkItem, Publication, PublicationState, Role
from models.session import session_scope
from tasks.bulk import feed

BULK = "/api/v1/writer/bulk-publish/"
EVERYTHING = {"filter": {}}


def add(tenant, number=2, **more):
    with session_scope() as session:
        site = session.merge(tenant.site)
        return [make_content(session, site, f"Title {n}", **more).id for n in range(number)]


def start(api, **body):
    answer = api.post(BULK, json=body or EVERYTHING)
    assert answer.status_code == 202, answer.text
    return answer.get_json()


def counted(job):
    return {state: count for state, count in job["counts"].items() if count}


def all_rows(kind):
    with session_scope(read_only=True) as session:
        return list(session.scalars(sa.select(kind)))


def end_all(state=PublicationState.PUBLISHED, **values):
    for publication in all_rows(Publication):
        finish(publication.id, state, **values)


def test_a_job_is_accepted_and_tells_how_far_it_is(api, tenant):
    add(tenant)
    answer = api.post(BULK, json=EVERYTHING)
    job = answer.get_json()

    assert (answer.status_code, job["state"], job["total"]) == (202, "running", 3)
    assert answer.headers["Location"] == job["status_url"] == f"http://localhost{BULK}{job['id']}/"
    assert counted(job) == {"waiting": 3}
    feed()
    assert counted(api.get(job["status_url"]).get_json()) == {"accepted": 3}
    end_all()
    feed()

    done = api.get(job["status_url"]).get_json()
    assert (done["state"], counted(done)) == ("finished", {"published": 3})
    assert done["finished_at"]
    (listed,) = api.get(BULK).get_json()["results"]
    assert (listed["id"], counted(listed)) == (job["id"], {"published": 3})
    assert api.get(f"{BULK}?state=running").get_json()["results"] == []


@pytest.mark.parametrize(
    ("named", "contents"),
    [
        pytest.param(lambda first, _: [first], 1, id="b48-one"),
        pytest.param(lambda *ids: ids * 2, 2, id="b48-repeated"),
        pytest.param(lambda first, second: [first] * 9_999 + [second], 2, id="b48-10000"),
    ],
)
def test_contents_named_by_their_ids_are_taken_once_each(api, tenant, named, contents):
    job = start(api, content_ids=named(*add(tenant)), status="draft")

    assert (job["total"], job["selection"]) == (contents, {"content_ids": contents})
    feed()
    assert [row.post_status for row in all_rows(Publication)] == ["draft"] * contents


def test_jobs_come_in_pages_the_newest_first(api, tenant):
    made = [start(api, content_ids=[tenant.content.id])["id"] for _ in range(5)]

    listed, cursor = [], ""
    while cursor is not None:
        page = api.get(f"{BULK}?limit=2{cursor and f'&cursor={cursor}'}").get_json()
        listed += [job["id"] for job in page["results"]]
        cursor = page["next_cursor"]

    assert listed == made[::-1]


@pytest.mark.parametrize("cursor", ["nonsense", "aWQ6Nw==", "aWQ6", "x" * 101])
def test_a_cursor_of_no_job_is_refused(api, tenant, cursor):
    problem_of(api.get(f"{BULK}?cursor={cursor}"), 400, "invalid_fields")


def test_items_come_in_pages_with_titles_and_reasons(api, tenant):
    add(tenant, 2)
    (draft,) = add(tenant, 1, status="draft")
    job = start(api, content_ids=[tenant.content.id, *range(draft - 2, draft + 1)])
    feed()

    page = api.get(f"{job['items_url']}?limit=3").get_json()
    rest = api.get(f"{job['items_url']}?limit=3&cursor={page['next_cursor']}").get_json()

    rows = page["results"] + rest["results"]
    assert [row["state"] for row in rows] == ["accepted", "accepted", "accepted", "skipped"]
    assert (rows[3]["content_id"], rows[3]["code"]) == (draft, "not_approved")
    assert rows[0]["title"] == tenant.content.title
    assert rest["next_cursor"] is None
    (skipped,) = api.get(f"{job['items_url']}?state=skipped").get_json()["results"]
    assert skipped == rows[3]


def test_not_approved_contents_go_when_their_status_is_overridden(api, tenant):
    drafts = add(tenant, 2, status="draft")

    job = start(api, content_ids=drafts, override_status=True)

    assert counted(job) == {"waiting": 2}


def test_the_same_request_is_one_job(api, tenant):
    named = {"headers": {"Idempotency-Key": "monday"}, "json": EVERYTHING}

    first, second = api.post(BULK, **named), api.post(BULK, **named)

    assert first.get_json() == second.get_json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(all_rows(BulkItem)) == 1


def test_a_job_is_paused_resumed_and_cancelled(api, tenant):
    address = start(api)["status_url"]

    states = [
        api.post(f"{address}{action}/").get_json()["state"]
        for action in ("pause", "pause", "resume", "resume", "pause", "cancel", "cancel")
    ]

    assert states == [
        "paused", "paused", "running", "running", "paused", "cancelled", "cancelled"
    ]  # fmt: skip
    assert counted(api.get(address).get_json()) == {"cancelled": 1}
    for action in ("pause", "resume", "retry-failed"):
        problem_of(api.post(f"{address}{action}/"), 409, "bulk_job_ended")


def test_failed_items_are_tried_again(api, tenant):
    address = start(api)["status_url"]
    feed()
    end_all(PublicationState.FAILED, failure="too long", failure_code="payload_refused")
    (failed,) = api.get(f"{address}items/").get_json()["results"]
    feed()

    again = api.post(f"{address}retry-failed/").get_json()

    assert (failed["state"], failed["reason"]) == ("failed", "too long")
    assert (again["state"], again["retried"], counted(again)) == ("running", 1, {"waiting": 1})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "body", id="nothing"),
        pytest.param({"content_ids": [1], "filter": {}}, "body", id="both"),
        pytest.param({"content_ids": []}, "content_ids", id="b48-none"),
        pytest.param({"content_ids": ["1"]}, "content_ids.0", id="text"),
        pytest.param({"content_ids": [0]}, "content_ids.0", id="zero"),
        pytest.param({"content_ids": [1] * 10_001}, "content_ids", id="b48-10001"),
        pytest.param({"filter": {"status": "published"}}, "filter.status", id="status"),
        pytest.param({"filter": {"account_id": 1}}, "filter.account_id", id="unknown field"),
        pytest.param({"filter": {"status": "review"}}, "filter", id="nothing is like this"),
    ],
)
def test_bad_bodies_are_refused_by_field(api, body, field):
    problem = problem_of(api.post(BULK, json=body), 400, "invalid_fields")

    assert [error["field"] for error in problem["errors"]] == [field]
    assert all_rows(BulkItem) == []


def test_what_is_of_another_account_is_not_there(api, tenant, stranger, client):
    theirs = [
        {"content_ids": [tenant.content.id, stranger.content.id]},
        {"filter": {"site_id": stranger.site.id}},
        {"filter": {}, "site_integration_id": stranger.integration.id},
    ]
    for body in theirs:
        problem_of(api.post(BULK, json=body), 404, "not_found")

    address = start(api)["status_url"]
    for path in ("", "items/"):
        answer = client.get(f"{address}{path}", headers=stranger.headers)
        problem_of(answer, 404, "not_found")
    for action in ("pause", "resume", "cancel", "retry-failed"):
        answer = client.post(f"{address}{action}/", headers=stranger.headers)
        problem_of(answer, 404, "not_found")
    assert client.get(BULK, headers=stranger.headers).get_json()["results"] == []


def test_a_viewer_looks_and_changes_nothing(api, tenant, client):
    address = start(api)["status_url"]
    with session_scope() as session:
        token = issue_token(session, tenant.account, role=Role.VIEWER)
    viewer = {"Authorization": f"Bearer {token}"}

    assert client.get(address, headers=viewer).status_code == 200
    problem_of(client.post(f"{address}cancel/", headers=viewer), 403, "forbidden")
    problem_of(client.post(BULK, json=EVERYTHING, headers=viewer), 403, "forbidden")


def test_an_integration_takes_the_contents_of_its_own_site_alone(api, tenant):
    with session_scope() as session:
        other = make_integration(session, make_site(session, session.merge(tenant.account)))
        make_content(session, other.site)

    job = start(api, filter={}, site_integration_id=other.id)

    assert counted(job) == {"waiting": 1, "skipped": 1}


def test_an_inactive_integration_is_refused(api, tenant):
    with session_scope() as session:
        session.merge(tenant.integration).is_active = False

    body = EVERYTHING | {"site_integration_id": tenant.integration.id}
    problem_of(api.post(BULK, json=body), 409, "integration_inactive")
    assert counted(start(api)) == {"skipped": 1}


def test_a_filter_that_finds_too_much_is_refused(api, tenant, monkeypatch):
    add(tenant)
    monkeypatch.setattr(bulk, "MOST_ITEMS", 2)

    problem = problem_of(api.post(BULK, json=EVERYTHING), 400, "invalid_fields")

    assert problem["errors"] == [{"field": "filter", "message": "it finds more than 2: narrow it"}]
    assert all_rows(BulkItem) == []
