"""Door 2, the API: what must not come in is refused in words, and nothing of it stays."""

import json
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from ingress_rows import problem_of
from site_calls import at

from models import Content, Integration, Publication, Revision, Site
from models.session import session_scope

CONTENT = "/api/v1/writer/content/"
RUN = "00000000-0000-4000-8000-00000000000a"

pytestmark = pytest.mark.usefixtures("sqlite_database")


class Seen(HTMLParser):
    """What a browser would find in some HTML."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.attributes, self.schemes = set(), set(), set()
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.schemes |= {urlsplit(v).scheme for name, v in attrs if name in {"href", "src"}}


def count(kind):
    with session_scope(read_only=True) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(kind))


def written(tenant, **more):
    return {"site_id": tenant.site.id, "title": "Pie", "html": "<p>Apples.</p>"} | more


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"{CONTENT}%7B1%7D/", id="b34-braces"),
        pytest.param(f"{CONTENT}+1/", id="b34-plus"),
        pytest.param(f"{CONTENT}0x1/", id="b34-hex"),
        pytest.param(f"{CONTENT}01/", id="b34-leading-zero"),
        pytest.param(f"{CONTENT}%E0%B9%91/", id="b34-other-digits"),
        pytest.param(f"{CONTENT}1%00/", id="b34-nul"),
        pytest.param(f"{CONTENT}1%20OR%201=1/", id="b34-sql"),
        pytest.param(f"{CONTENT}..%2f..%2fruns%2f{RUN}/", id="b34-climbing"),
        pytest.param(f"/api/v1/runs/{RUN.replace('-', '')}/", id="b34-uuid-without-dashes"),
        pytest.param(f"/api/v1/runs/{RUN.upper()}/", id="b34-uuid-in-capitals"),
        pytest.param("/api/v1/runs/7/", id="b34-integer-for-a-uuid"),
    ],
)
def test_an_id_in_another_shape_is_no_id(api, path):
    problem_of(api.get(path), 404, "not_found")


def damaged(token):
    return token[:-1] + ("a" if token[-1] != "a" else "b")


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(damaged, id="b36-one-letter-changed"),
        pytest.param(str.swapcase, id="b36-other-case"),
        pytest.param(lambda token: token[:-1], id="b36-cut-off"),
        pytest.param(lambda token: f"{token},{token}", id="b36-two-in-one"),
        pytest.param(lambda token: f'"{token}"', id="b36-quoted"),
        pytest.param(lambda _: "eyJhbGciOiJub25lIn0.eyJhY2NvdW50IjoxfQ.", id="b36-jwt-alg-none"),
        pytest.param(lambda _: "igny8_api_", id="b36-prefix-alone"),
        pytest.param(lambda _: "igny8_api_" + "%" * 50, id="b36-wildcards"),
    ],
)
def test_a_spoilt_token_opens_nothing(client, tenant, spoil):
    headers = {"Authorization": f"Bearer {spoil(tenant.token)}"}

    answer = client.post(CONTENT, json=written(tenant), headers=headers)

    problem_of(answer, 401, "unauthenticated")
    assert tenant.token not in answer.text
    assert count(Content) == 1


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("page=-1", id="b41-page"),
        pytest.param("page_size=1000000000", id="b41-page-size"),
        pytest.param("limit=-1", id="b41-negative"),
        pytest.param("limit=1e9", id="b41-exponent"),
        pytest.param("limit=9999999999999999999999", id="b41-beyond-64-bits"),
        pytest.param("sort=wp_api_key", id="b41-sort-by-a-secret"),
        pytest.param("order=digest%20desc", id="b41-order"),
        pytest.param("cursor=aWQ6MSBPUiAxPTE=", id="b41-cursor-with-sql"),
        pytest.param("cursor=" + "A" * 101, id="b41-long-cursor"),
        pytest.param("site_id[]=1", id="b41-brackets"),
    ],
)
def test_a_list_asked_for_wrongly_is_refused(api, query):
    problem_of(api.get(f"{CONTENT}?{query}"), 400, "invalid_fields")


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("event_type=%00", id="b41-nul-in-a-filter"),
        pytest.param("event_type=", id="b41-empty-filter"),
        pytest.param("event_type=sync%27%20OR%201=1", id="b41-filter-with-sql"),
        pytest.param("since=2026-05-01T00:00:00Z%00", id="b41-nul-in-a-time"),
    ],
)
def test_a_history_asked_for_wrongly_is_refused(api, tenant, query):
    problem_of(api.get(f"{at(tenant, 'events/')}?{query}"), 400, "invalid_fields")


@pytest.mark.parametrize(
    "field",
    [
        pytest.param({"is_active": False}, id="b42-is-active"),
        pytest.param({"account": 2}, id="b42-account"),
        pytest.param({"account_id": 2}, id="b42-account-id"),
        pytest.param({"wp_api_key": "igny8_live_mine"}, id="b42-key"),
        pytest.param({"external_id": "7"}, id="b42-external-id"),
        pytest.param({"id": 1}, id="b42-id"),
        pytest.param({"revision": 99}, id="b42-revision"),
        pytest.param({"fence": 99}, id="b42-fence"),
        pytest.param({"__class__": "x"}, id="b42-dunder"),
        pytest.param({"import_key": "../x"}, id="b42-import-key"),
    ],
)
def test_a_field_that_nobody_may_set_is_not_set(api, tenant, field):
    one = f"{CONTENT}{tenant.content.id}/"
    answers = [
        api.post(CONTENT, json=written(tenant, **field)),
        api.put(one, json={"title": "x", "html": "x"} | field),
        api.patch(one, json={"title": "x"} | field),
        api.post(f"{one}publish/", json=field),
    ]

    for answer in answers:
        problem_of(answer, 400, "invalid_fields")
    assert (count(Content), count(Revision), count(Publication)) == (1, 1, 0)
    with session_scope(read_only=True) as session:
        assert session.get(Site, tenant.site.id).wp_api_key == tenant.site.wp_api_key
        assert session.get(Integration, tenant.integration.id).is_active


@pytest.mark.parametrize("presses", [pytest.param(50, id="b48-fifty-in-a-row")])
def test_many_publishes_are_one_job(api, tenant, presses):
    path = f"{CONTENT}{tenant.content.id}/publish/"
    answers = [api.post(path, json={}) for _ in range(presses)]

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.get_json()["publication_id"] for answer in answers}) == 1
    assert count(Publication) == 1


@pytest.mark.parametrize("browsers", [pytest.param(8, id="b37-eight-browsers")])
def test_publishes_and_edits_at_once_are_one_job(app, tenant, browsers):
    path = f"{CONTENT}{tenant.content.id}/"

    def press(number):
        client = app.test_client()
        client.patch(path, json={"slug": f"s{number}"}, headers=tenant.headers)
        return client.post(f"{path}publish/", json={}, headers=tenant.headers)

    with ThreadPoolExecutor(browsers) as pool:
        answers = list(pool.map(press, range(browsers)))

    assert {answer.status_code for answer in answers} == {202}
    assert count(Publication) == 1
    with session_scope(read_only=True) as session:
        row = session.scalars(sa.select(Publication)).one()
        assert row.accepted.number == session.get(Content, tenant.content.id).revision


@pytest.mark.parametrize(
    ("size", "status"),
    [
        pytest.param(10_000_000, 413, id="b50-ten-megabytes"),
        pytest.param(2_200_000, 422, id="b90-longer-than-a-content-may-be"),
    ],
)
def test_a_huge_content_is_refused(api, tenant, size, status):
    answer = api.post(CONTENT, json=written(tenant, html="x" * size))

    assert answer.status_code == status
    assert count(Content) == 1


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<script>alert(1)</script>", id="b89-script"),
        pytest.param("<iframe src='javascript:alert(1)'></iframe>", id="b89-iframe"),
        pytest.param("<img src=x onerror=alert(1)>", id="b89-onerror"),
        pytest.param("<svg><animate onbegin=alert(1) attributeName=x>", id="b89-svg"),
        pytest.param(
            "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 "
            "onerror=alert(1)&gt;'>",
            id="b89-mathml-mutation",
        ),
        pytest.param("<p style='background:url(https://evil.example/x)'>a</p>", id="b89-style-url"),
        pytest.param("<base href='https://evil.example/'>", id="b89-base"),
        pytest.param("<meta http-equiv=refresh content='0;url=javascript:x'>", id="b89-meta"),
        pytest.param("<a href='jav&#x0A;ascript:alert(1)'>a</a>", id="b89-javascript-address"),
        pytest.param("<a href='data:text/html,<script>x</script>'>a</a>", id="b89-data-address"),
        pytest.param("<form action=//evil.example><input name=password></form>", id="b89-form"),
        pytest.param("<object data=x.swf></object><embed src=x.swf>", id="b89-plug-ins"),
        pytest.param("<noscript><p title='</noscript><img src=x onerror=x>'>", id="b89-noscript"),
    ],
)
def test_nothing_that_runs_is_kept(api, tenant, html):
    kept = api.post(CONTENT, json=written(tenant, html=f"<p>Text.</p>{html}")).get_json()["html"]

    seen = Seen(kept)
    assert kept.startswith("<p>Text.</p>")
    assert seen.tags <= {"p", "a", "img", "table", "tbody"}
    assert not any(name.startswith("on") for name in seen.attributes)
    assert "url(" not in kept
    assert seen.schemes <= {"", "https", "http"}


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        pytest.param('<p>[gallery ids="1,2"]</p>', '<p>[gallery ids="1,2"]</p>', id="b90-code"),
        pytest.param(
            '<!-- wp:paragraph {"align":"left"} --><p>a</p><!-- /wp:paragraph -->',
            '<!-- wp:paragraph {"align":"left"} --><p>a</p><!-- /wp:paragraph -->',
            id="b90-block-comments",
        ),
        pytest.param("<p><b>a<p>b</b>", "<p><b>a</b></p><p><b>b</b></p>", id="b90-unbalanced"),
        pytest.param("<div>" * 500 + "a", "<div>" * 500 + "a" + "</div>" * 500, id="b90-deep"),
    ],
)
def test_honest_html_survives(api, tenant, html, kept):
    assert api.post(CONTENT, json=written(tenant, html=html)).get_json()["html"] == kept


@pytest.mark.parametrize(
    "markdown",
    [
        pytest.param(">" * 50_000 + "a", id="b90-quotes-in-quotes"),
        pytest.param("- " * 50_000 + "a", id="b90-lists-in-lists"),
        pytest.param("[" * 20_000 + "a" + "](x)" * 20_000, id="b90-links-in-links"),
        pytest.param("![" * 5_000 + "a" + "](x)" * 5_000, id="b90-pictures-in-pictures"),
        pytest.param("*a_ " * 20_000, id="b90-emphasis"),
    ],
)
def test_hostile_markdown_is_taken_or_refused_in_words(api, tenant, markdown):
    body = written(tenant, markdown=markdown)
    del body["html"]

    answer = api.post(CONTENT, data=json.dumps(body), content_type="application/json")

    assert answer.status_code in {201, 422}, answer.text
    assert count(Content) == (2 if answer.status_code == 201 else 1)
