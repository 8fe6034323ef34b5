"""Integrations over the API: made once, listed by what one looks for, changed, removed."""

import pytest
import sqlalchemy as sa
from factories import make_integration, make_publication, make_site, reload
from ingress_rows import Caller, issue_token, problem_of

from models import (
    Account,
    Installation,
    Integration,
    Publication,
    PublicationState,
    Role,
    Site,
    SiteStructure,
)
from models.clock import now
from models.session import session_scope

BASE = "/api/v1/integration/integrations/"
ALIAS = "/api/v1/integration/"
ELSEWHERE = {"config_json": {"site_url": "https://elsewhere.example"}}


@pytest.fixture
def bare_site(tenant):
    """A site of the tenant with a key, and without an integration."""
    with session_scope() as session:
        return make_site(session, session.get_one(Account, tenant.account.id))


def change(row, **values):
    with session_scope() as session:
        session.execute(sa.update(type(row)).where(type(row).id == row.id).values(**values))


def own(tenant):
    return f"{BASE}{tenant.integration.id}/"


class TestMaking:
    def test_it_starts_active_and_pending(self, api, bare_site):
        made = api.post(BASE, json={"site": bare_site.id})

        assert made.status_code == 201, made.text
        body = made.get_json()
        assert body == api.get(made.headers["Location"]).get_json()
        expected = {
            "account": bare_site.account_id,
            "site": bare_site.id,
            "platform": "wordpress",
            "platform_type": "cms",
            "is_active": True,
            "sync_enabled": True,
            "sync_status": "pending",
            "connection_status": "not_connected",
            "config_json": {"site_url": bare_site.url},
            "external_site_url": bare_site.url,
            "credentials_json": {"plugin_version": None, "debug_enabled": False},
        }
        assert {name: body[name] for name in expected} == expected

    def test_its_settings_are_kept_and_its_address_in_one_form(self, api, bare_site):
        config = {"site_url": "https://WWW.example.com/", "tags_from_keywords": True}
        body = {"site_id": bare_site.id, "config_json": config, "sync_enabled": False}

        made = api.post(BASE, json=body).get_json()

        assert made["config_json"] == {**config, "site_url": "https://www.example.com"}
        assert made["external_site_url"] == "https://www.example.com"
        assert made["sync_enabled"] is False

    def test_a_second_one_of_site_and_platform_is_refused(self, api, tenant):
        problem_of(api.post(BASE, json={"site": tenant.site.id}), 409, "integration_exists")
        with session_scope(read_only=True) as session:
            assert session.scalar(sa.select(sa.func.count(Integration.id))) == 1

    def test_a_wordpress_site_needs_its_key_first(self, api, bare_site):
        change(bare_site, wp_api_key_digest=None)

        problem_of(api.post(BASE, json={"site": bare_site.id}), 409, "no_site_key")

    @pytest.mark.parametrize(
        ("platform", "status", "code"),
        [
            pytest.param("shopify", 501, "platform_unsupported", id="known, without an adapter"),
            pytest.param("custom", 501, "platform_unsupported", id="custom"),
            pytest.param("geocities", 400, "invalid_fields", id="unknown"),
            pytest.param(["wordpress"], 400, "invalid_fields", id="a list"),
        ],
    )
    def test_a_platform_without_an_adapter_is_refused(self, api, bare_site, platform, status, code):
        answer = api.post(BASE, json={"site": bare_site.id, "platform": platform})

        problem_of(answer, status, code)

    @pytest.mark.parametrize(
        "more",
        [
            pytest.param({"credentials_json": {"api_key": "x"}}, id="a key as a credential"),
            pytest.param({"credentials_json": {"password": "x"}}, id="a password"),
            pytest.param({"api_key": "x"}, id="a key"),
            pytest.param({"config_json": {"api_key": "x"}}, id="a key as a setting"),
            pytest.param({"config_json": {"site_url": "http://10.0.0.1"}}, id="a private address"),
            pytest.param({"config_json": {"site_url": "ftp://example.com"}}, id="no web address"),
            pytest.param({"config_json": {"burst": "9"}}, id="a number as text"),
            pytest.param({"config_json": {"posts_per_minute": -1}}, id="a negative number"),
            pytest.param({"config_json": []}, id="no object"),
            pytest.param({"account": 7}, id="an account"),
            pytest.param({"sync_status": "success"}, id="a status"),
        ],
    )
    def test_what_nobody_may_set_is_refused(self, api, bare_site, more):
        problem_of(api.post(BASE, json={"site": bare_site.id, **more}), 400, "invalid_fields")


class TestListing:
    @pytest.fixture
    def other(self, tenant, bare_site):
        with session_scope() as session:
            site = session.get_one(Site, bare_site.id)
            return make_integration(session, site, is_active=False, sync_status="failed")

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            pytest.param("", ["other", "first"], id="all"),
            pytest.param("site={other.site_id}", ["other"], id="by site"),
            pytest.param("site_id={other.site_id}", ["other"], id="by site's other name"),
            pytest.param("platform=wordpress", ["other", "first"], id="by platform"),
            pytest.param("platform=shopify", [], id="another platform"),
            pytest.param("is_active=true", ["first"], id="active"),
            pytest.param("sync_status=failed", ["other"], id="failed"),
            pytest.param("sync_status=error", ["other"], id="error means failed"),
            pytest.param("sync_status=completed", [], id="completed means success"),
            pytest.param("site={stranger.site.id}", [], id="another tenant's site"),
        ],
    )
    def test_it_is_chosen_by(self, api, tenant, stranger, other, query, expected):
        numbers = {"first": tenant.integration.id, "other": other.id}

        answer = api.get(f"{BASE}?{query.format(other=other, stranger=stranger)}")

        assert answer.status_code == 200, answer.text
        found = [each["id"] for each in answer.get_json()["results"]]
        assert found == [numbers[name] for name in expected]

    @pytest.mark.parametrize(
        "query",
        ["sync_status=fine", "site=0", "site=1&site_id=2", "cursor=x", "limit=0", "sector=1"],
    )
    def test_a_wrong_question_is_refused(self, api, query):
        problem_of(api.get(f"{BASE}?{query}"), 400, "invalid_fields")

    def test_in_pages(self, api, tenant, other):
        first = api.get(f"{BASE}?limit=1").get_json()
        second = api.get(f"{BASE}?limit=1&cursor={first['next_cursor']}").get_json()

        pages = [[each["id"] for each in page["results"]] for page in (first, second)]
        assert pages == [[other.id], [tenant.integration.id]]
        assert second["next_cursor"] is None

    def test_a_plugin_finds_its_own_by_its_sites_key(self, client, tenant, other):
        headers = {"X-IGNY8-API-Key": reload(tenant.site).wp_api_key}

        found = client.get(f"{BASE}?site={tenant.site.id}", headers=headers).get_json()
        others = client.get(f"{BASE}?site={other.site_id}", headers=headers).get_json()

        assert [each["id"] for each in found["results"]] == [tenant.integration.id]
        assert others["results"] == []


class TestReading:
    def test_the_key_is_in_no_answer(self, api, tenant):
        key = reload(tenant.site).wp_api_key
        for answer in (api.get(own(tenant)), api.get(BASE)):
            assert answer.status_code == 200
            assert key not in answer.text

    def test_the_plugins_version_stands_beside_the_credentials(self, api, tenant):
        with session_scope() as session:
            session.add(Installation(site_id=tenant.site.id, version="1.5.0", last_seen=now()))

        shown = api.get(own(tenant)).get_json()["credentials_json"]
        assert shown == {"plugin_version": "1.5.0", "debug_enabled": False}

    def test_content_types_stand_in_its_settings(self, api, tenant):
        post = {"label": "Posts", "count": 3, "enabled": True, "fetch_limit": 100}
        with session_scope() as session:
            structure = SiteStructure(
                integration_id=tenant.integration.id,
                post_types={"post": post},
                taxonomies={},
                plugin_connection_enabled=True,
            )
            session.add(structure)

        config = api.get(own(tenant)).get_json()["config_json"]

        assert config["content_types"]["post_types"] == {"post": post}
        assert config["plugin_connection_enabled"] is True

    def test_a_suspended_one_says_so(self, api, tenant):
        change(tenant.integration, suspended_at=now(), connection_status="error")

        assert api.get(own(tenant)).get_json()["connection_status"] == "suspended"

    def test_every_address_is_the_same(self, api, tenant):
        shorter = f"{ALIAS}{tenant.integration.id}/"

        assert api.get(shorter).get_json() == api.get(own(tenant)).get_json()
        assert api.get(ALIAS).get_json() == api.get(BASE).get_json()


class TestChanging:
    def test_switches(self, api, tenant):
        answer = api.patch(own(tenant), json={"is_active": False, "sync_enabled": False})

        row = reload(tenant.integration)
        assert answer.status_code == 200, answer.text
        assert (row.is_active, row.sync_enabled) == (False, False)

    def test_a_setting_is_added_changed_and_taken_away(self, api, tenant):
        for config in ({"burst": 3, "max_attempts": 5}, {"burst": 4, "max_attempts": None}):
            answer = api.patch(own(tenant), json={"config_json": config})
            assert answer.status_code == 200, answer.text

        expected = {"site_url": tenant.site.url, "burst": 4}
        assert reload(tenant.integration).config_json == expected

    def test_the_indexed_address_follows(self, api, tenant):
        api.patch(own(tenant), json={"config_json": {"site_url": "https://new.example/"}})

        row = reload(tenant.integration)
        assert (row.site_url, row.external_site_url) == ("https://new.example",) * 2

    def test_put_sets_it_as_a_whole(self, api, tenant):
        api.patch(own(tenant), json={"is_active": False, "config_json": {"burst": 3}})

        answer = api.put(own(tenant), json={"config_json": {"max_attempts": 2}})

        assert answer.status_code == 200, answer.text
        row = reload(tenant.integration)
        assert row.config_json == {"site_url": tenant.site.url, "max_attempts": 2}
        assert row.is_active is True

    def test_what_was_answered_may_be_sent_back(self, api, tenant):
        names = ("site", "platform", "is_active", "config_json", "credentials_json")
        shown = api.get(own(tenant)).get_json()

        answer = api.put(own(tenant), json={name: shown[name] for name in names})

        assert (answer.status_code, answer.get_json()) == (200, shown)

    def test_the_debug_switch_is_kept_with_the_settings(self, api, tenant):
        answer = api.patch(own(tenant), json={"credentials_json": {"debug_enabled": True}})

        assert answer.get_json()["credentials_json"]["debug_enabled"] is True
        assert reload(tenant.integration).credentials is None

    @pytest.mark.parametrize("body", [{"site": 999_999}, {"platform": "shopify"}])
    def test_it_keeps_its_site_and_platform(self, api, tenant, body):
        problem_of(api.put(own(tenant), json=body), 400, "invalid_fields")


class TestRemoving:
    def test_it_takes_its_publications_along(self, api, tenant):
        make_publication(tenant.integration)

        answer = api.delete(own(tenant))

        assert (answer.status_code, answer.data) == (204, b"")
        problem_of(api.get(own(tenant)), 404, "not_found")
        with session_scope(read_only=True) as session:
            assert session.scalars(sa.select(Publication)).all() == []
            assert session.get(Site, tenant.site.id) is not None

    def test_not_while_a_batch_is_on_its_way(self, api, tenant):
        change(make_publication(tenant.integration), state=PublicationState.PUBLISHING)

        problem = api.delete(own(tenant))

        problem_of(problem, 409, "integration_busy")
        assert int(problem.headers["Retry-After"]) > 0
        assert reload(tenant.integration)


@pytest.mark.parametrize(
    ("method", "body"),
    [
        pytest.param("get", None, id="read"),
        pytest.param("put", {}, id="replace"),
        pytest.param("patch", {"is_active": False}, id="change"),
        pytest.param("delete", None, id="remove"),
    ],
)
def test_another_tenants_integration_is_like_a_missing_one(api, tenant, stranger, method, body):
    bodies = []
    for number in (stranger.integration.id, 999_999):
        sent = {} if body is None else {"json": body}
        answer = getattr(api, method)(f"{BASE}{number}/", **sent)
        bodies.append(problem_of(answer, 404, "not_found") | {"request_id": ""})

    assert bodies[0] == bodies[1]
    assert reload(stranger.integration).is_active


def test_another_tenants_site_is_not_connected(api, stranger):
    problem_of(api.post(BASE, json={"site": stranger.site.id}), 404, "not_found")


def test_a_viewer_may_only_look(client, tenant):
    with session_scope() as session:
        token = issue_token(session, session.merge(tenant.account), role=Role.VIEWER)
    headers = {"Authorization": f"Bearer {token}"}

    assert client.get(own(tenant), headers=headers).status_code == 200
    problem_of(client.delete(own(tenant), headers=headers), 403, "forbidden")


class TestTheAddressThatTheKeyIsSentTo:
    """Who may not have a site's key may not say where it is sent."""

    @pytest.fixture
    def editor(self, client, tenant):
        with session_scope() as session:
            token = issue_token(session, session.merge(tenant.account), role=Role.EDITOR)
        return Caller(client, {"Authorization": f"Bearer {token}"})

    @pytest.mark.parametrize("method", ["patch", "put"])
    def test_an_editor_does_not_change_it(self, editor, tenant, method):
        answer = getattr(editor, method)(own(tenant), json=ELSEWHERE)

        problem_of(answer, 403, "forbidden")
        assert reload(tenant.integration).site_url == tenant.site.url

    def test_an_editor_does_not_take_it_away(self, editor, api, tenant):
        api.patch(own(tenant), json=ELSEWHERE)

        answer = editor.patch(own(tenant), json={"config_json": {"site_url": None}})

        problem_of(answer, 403, "forbidden")

    def test_an_editor_connects_a_site_at_its_own_address_alone(self, editor, bare_site):
        problem_of(editor.post(BASE, json={"site": bare_site.id, **ELSEWHERE}), 403, "forbidden")

        made = editor.post(BASE, json={"site": bare_site.id})
        assert made.status_code == 201, made.text

    def test_an_editor_changes_the_other_settings(self, editor, tenant):
        config = {"site_url": tenant.site.url, "burst": 3}

        assert editor.patch(own(tenant), json={"config_json": config}).status_code == 200
        assert editor.put(own(tenant), json={"config_json": config}).status_code == 200

    def test_an_editor_does_not_bring_the_old_one_back_by_removing_it(self, editor, api, tenant):
        api.patch(own(tenant), json=ELSEWHERE)

        problem_of(editor.delete(own(tenant)), 403, "forbidden")
        assert api.delete(own(tenant)).status_code == 204

    def test_an_admin_changes_it(self, api, tenant):
        assert api.patch(own(tenant), json=ELSEWHERE).status_code == 200
