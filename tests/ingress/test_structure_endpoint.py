"""update-structure and content-types: pushed by the plugin, shown with what is synced."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from factories import make_publication
from ingress_rows import finish, problem_of
from site_calls import at, plugin

from models import Integration, Publication, Site, SiteStructure, SyncEvent
from models.session import engine, session_scope
from models.sites.synced_counts import COUNTED_AT_ONCE, recount

PUSH = {
    "post_types": {
        "post": {"label": "Posts", "count": 123, "enabled": True, "fetch_limit": 100},
        "page": {"label": "Pages", "count": 12, "enabled": True, "fetch_limit": 100},
        "product": {"label": "Products", "count": 456, "enabled": False, "fetch_limit": 50},
    },
    "taxonomies": {
        "category": {
            "label": "Categories",
            "count": 25,
            "enabled": True,
            "fetch_limit": 100,
            "hierarchical": True,
            "post_types": ["post"],
        },
        "post_tag": {"label": "Tags", "count": 102, "enabled": True, "fetch_limit": 100},
    },
    "plugin_connection_enabled": True,
    "two_way_sync_enabled": False,
    "timestamp": "2026-01-02T03:04:05Z",
}


def push(caller, tenant, **more):
    return caller.post(at(tenant, "update-structure/"), json=PUSH | more)


def shown(caller, tenant):
    return caller.get(at(tenant, "content-types/")).get_json()


def with_label(label):
    return {"post_types": {"post": {"label": label, "count": 1}}}


def test_a_push_is_stored_and_counted_in_the_answer(client, tenant):
    answer = push(plugin(client, tenant), tenant)

    assert answer.status_code == 200
    told = answer.get_json()
    assert told["success"] is True
    assert (told["data"]["post_types_count"], told["data"]["taxonomies_count"]) == (3, 2)
    assert told["data"]["message"]
    assert told["data"]["last_structure_fetch"]


def test_content_types_show_what_was_pushed(client, api, tenant):
    push(plugin(client, tenant), tenant)

    told = shown(api, tenant)

    product = told["post_types"]["product"]
    assert (product["label"], product["count"], product["synced"]) == ("Products", 456, 0)
    assert (product["enabled"], product["fetch_limit"]) == (False, 50)
    assert told["taxonomies"]["category"]["hierarchical"] is True
    assert told["taxonomies"]["category"]["post_types"] == ["post"]
    assert told["observed_at"].startswith("2026-01-02T03:04:05")
    assert (told["plugin_connection_enabled"], told["two_way_sync_enabled"]) == (True, False)
    assert told["source"] == "plugin"


def test_a_push_keeps_the_statuses_in_step_and_is_told(client, tenant):
    push(plugin(client, tenant), tenant)

    with session_scope(read_only=True) as session:
        integration = session.get_one(Integration, tenant.integration.id)
        assert (integration.connection_status, integration.sync_status) == ("ready", "success")
        assert integration.last_sync_at is not None
        event = session.scalars(sa.select(SyncEvent)).one()
        assert (event.action, event.success) == ("structure_sync", True)


def test_older_news_never_replaces_newer(client, api, tenant):
    push(plugin(client, tenant), tenant)

    older = push(api, tenant, timestamp="2026-01-01T00:00:00Z", **with_label("Old"))

    assert older.get_json()["data"]["message"] == "A newer one is known already."
    assert shown(api, tenant)["post_types"]["post"]["label"] == "Posts"


def test_a_clock_that_is_ahead_shuts_out_no_later_look(api, tenant):
    ahead = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    push(api, tenant, timestamp=ahead)

    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    push(api, tenant, timestamp=later, **with_label("Later"))

    assert shown(api, tenant)["post_types"]["post"]["label"] == "Later"


def test_what_a_user_chose_survives_the_next_push(client, api, tenant):
    push(plugin(client, tenant), tenant)
    chosen = {"post_types": {"product": {"enabled": True, "fetch_limit": 7}}}

    told = api.patch(at(tenant, "content-types/"), json=chosen).get_json()
    assert told["post_types"]["product"]["fetch_limit"] == 7

    push(plugin(client, tenant), tenant, timestamp="2026-02-01T00:00:00Z")

    product = shown(api, tenant)["post_types"]["product"]
    assert (product["enabled"], product["fetch_limit"]) == (True, 7)


def test_a_choice_can_be_taken_back(api, tenant):
    push(api, tenant)
    for limit in (7, None):
        api.patch(
            at(tenant, "content-types/"), json={"post_types": {"post": {"fetch_limit": limit}}}
        )

    assert shown(api, tenant)["post_types"]["post"]["fetch_limit"] == 100


def test_nothing_can_be_chosen_of_a_type_that_is_not_there(api, tenant):
    answer = api.patch(at(tenant, "content-types/"), json={"post_types": {"x": {"enabled": True}}})

    problem_of(answer, 400, "invalid_fields")


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        pytest.param("<script>alert(1)</script>Posts", "Posts", id="script"),
        pytest.param("<b>Bold</b> &amp; <i>more", "Bold & more", id="markup"),
        pytest.param("a\u202eb\u200bc", "a b c", id="direction-marks"),
        pytest.param("x" * 500, "x" * 100, id="long"),
        pytest.param("日本語", "日本語", id="other-letters"),
    ],
)
def test_labels_are_text(api, tenant, label, kept):
    push(api, tenant, **with_label(label))

    assert shown(api, tenant)["post_types"]["post"]["label"] == kept


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"post_types": {"post": {"label": "x", "count": -1}}}, id="negative"),
        pytest.param({"post_types": {"post": {"label": "x", "count": "1"}}}, id="text"),
        pytest.param({"post_types": {"post": {"label": "x", "count": True}}}, id="true"),
        pytest.param({"post_types": {"post": {"label": "x", "count": 2**31}}}, id="huge"),
        pytest.param({"post_types": {"post": {"count": 1}}}, id="no-label"),
        pytest.param({"post_types": {"../x": {"label": "x", "count": 1}}}, id="name"),
        pytest.param({"post_types": [1]}, id="list"),
        pytest.param({"post_types": "x"}, id="word"),
        pytest.param({"taxonomies": {"x": None}}, id="null-entry"),
        pytest.param({"timestamp": 1700000000}, id="number-for-a-time"),
        pytest.param({"timestamp": "2026-01-01T00:00:00"}, id="no-zone"),
        pytest.param({"two_way_sync_enabled": "yes"}, id="word-for-a-switch"),
        pytest.param(
            {"post_types": {f"t{n}": {"label": "x", "count": 1} for n in range(1001)}}, id="many"
        ),
    ],
)
def test_what_is_not_a_structure_is_refused_and_the_known_one_stays(api, tenant, change):
    push(api, tenant)

    problem_of(push(api, tenant, **change), 400, "invalid_fields")
    assert shown(api, tenant)["post_types"]["post"]["count"] == 123


def test_ten_megabytes_are_refused_unread(api, tenant):
    label = {"label": "x" * 10_000_000, "count": 1}

    answer = push(api, tenant, post_types={"post": label})

    problem_of(answer, 413, "too_large")


def test_an_empty_kind_is_no_error_and_a_missing_one_stays(api, tenant):
    push(api, tenant)

    api.post(
        at(tenant, "update-structure/"),
        json={"post_types": [], "timestamp": "2026-03-01T00:00:00Z"},
    )

    told = shown(api, tenant)
    assert told["post_types"] == {}
    assert set(told["taxonomies"]) == {"category", "post_tag"}


def test_a_push_needs_something_to_store(api, tenant):
    answer = api.post(at(tenant, "update-structure/"), json={"timestamp": "2026-01-01T00:00:00Z"})

    problem_of(answer, 400, "invalid_fields")


def test_a_push_makes_no_integration(client, tenant):
    with session_scope() as session:
        session.execute(sa.delete(Integration).filter_by(id=tenant.integration.id))

    problem_of(push(plugin(client, tenant), tenant), 404, "not_found")


def test_a_site_that_is_switched_off_may_not_push(client, api, tenant):
    with session_scope() as session:
        session.execute(sa.update(Site).filter_by(id=tenant.site.id).values(is_active=False))

    problem_of(push(plugin(client, tenant), tenant), 403, "site_inactive")
    problem_of(push(api, tenant), 403, "site_inactive")


def test_another_sites_key_pushes_nothing(client, tenant, stranger):
    problem_of(push(plugin(client, stranger), tenant), 404, "not_found")


def test_a_site_that_was_never_looked_at_has_no_types(api, tenant):
    told = shown(api, tenant)

    assert (told["post_types"], told["last_structure_fetch"]) == ({}, None)


def test_our_posts_and_their_terms_are_counted_beside_the_sites(api, tenant):
    push(api, tenant)
    first = make_publication(tenant.integration, categories=(("A",), ("A", "B")), tags=("x",))
    second = make_publication(tenant.integration, categories=(("A",),), tags=("y", "z"))
    make_publication(tenant.integration, tags=("not-published",))
    for publication in (first, second):
        finish(publication.id)

    told = shown(api, tenant)

    assert told["post_types"]["post"]["synced"] == 2
    assert told["post_types"]["page"]["synced"] == 0
    assert told["taxonomies"]["category"]["synced"] == 2
    assert told["taxonomies"]["post_tag"]["synced"] == 3
    assert told["synced_at"] is None


def test_a_large_site_is_shown_as_it_was_counted_last(api, tenant, monkeypatch):
    monkeypatch.setattr("models.sites.synced_counts.COUNTED_AT_ONCE", 1)
    push(api, tenant)
    for _ in range(3):
        finish(make_publication(tenant.integration).id)
    with session_scope() as session:
        recount(session, session.get_one(Integration, tenant.integration.id))
    finish(make_publication(tenant.integration).id)

    told = shown(api, tenant)

    assert told["post_types"]["post"]["synced"] == 3
    assert told["synced_at"] is not None
    assert COUNTED_AT_ONCE > 1


def test_the_counts_are_read_from_an_index_and_not_from_rows(api, tenant, database):
    finish(make_publication(tenant.integration).id)
    query = sa.select(Publication.content_id).where(
        Publication.integration_id == 1, Publication.state == sa.literal_column("'published'")
    )
    explain = "EXPLAIN QUERY PLAN " if database == "sqlite" else "EXPLAIN "
    with session_scope() as session:
        if database != "sqlite":
            session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        compiled = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = "\n".join(
            str(row) for row in session.execute(sa.text(explain + str(compiled))).all()
        )

    assert "ix_publications_published" in plan


@pytest.fixture
def written():
    """What is sent to the database: each statement that writes, with its transaction's number."""
    seen, begun = [], []

    def note(_connection, _cursor, statement, *_):
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            seen.append((len(begun), statement))

    listeners = (("begin", begun.append), ("before_cursor_execute", note))
    for name, listener in listeners:
        sa.event.listen(engine(), name, listener)
    yield seen
    for name, listener in listeners:
        sa.event.remove(engine(), name, listener)


def test_a_push_takes_as_many_statements_for_many_types_as_for_one(api, tenant, written):
    def types(count):
        return {f"type_{n}": {"label": f"Type {n}", "count": n} for n in range(count)}

    counts = []
    for count in (1, 2, 500):  # the first push makes the row
        written.clear()
        assert push(api, tenant, post_types=types(count), timestamp=None).status_code == 200
        assert len({transaction for transaction, _ in written}) == 1
        counts.append(len(written))

    assert counts[1] == counts[2] <= 4


def test_the_structure_is_a_row_of_its_own(api, tenant):
    push(api, tenant)

    with session_scope(read_only=True) as session:
        assert session.get_one(SiteStructure, tenant.integration.id).due_at is not None
        assert (
            "content_types" not in session.get_one(Integration, tenant.integration.id).config_json
        )
    config = api.get(at(tenant)).get_json()["config_json"]
    assert set(config["content_types"]) == {"post_types", "taxonomies", "last_structure_fetch"}
