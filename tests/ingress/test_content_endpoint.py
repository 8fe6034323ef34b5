"""Contents over the API: written, read, changed and listed."""

import threading

import pytest
import sqlalchemy as sa
from factories import make_content, make_publication
from ingress_rows import finish, problem_of

from models import Content, PublicationState, Revision
from models.session import session_scope
from pipeline.documents import FEATURED, INLINE, Picture

CONTENT = "/api/v1/writer/content/"


def body(tenant, **more):
    return {"site_id": tenant.site.id, "title": "Pie", "html": "<p>Apples.</p>"} | more


def one(content):
    return f"{CONTENT}{content.id}/"


def rows(kind):
    with session_scope(read_only=True) as session:
        return list(session.scalars(sa.select(kind).order_by(kind.id)))


def test_everything_that_is_written_can_be_read(api, tenant):
    written = body(
        tenant,
        slug="apple-pie",
        status="review",
        seo_title="Apple pie",
        seo_description="How to bake it",
        primary_keyword="pie",
        secondary_keywords=["apple", "baking"],
        cluster="Baking",
        categories=["Recipes > Pies", ["News", "Local"]],
        tags=["apple", "autumn"],
        featured_image_url="https://pictures.example/pie.jpg",
        featured_image_alt="A pie",
        gallery_images=[{"url": "https://pictures.example/1.jpg", "alt": "One", "caption": "1"}],
    )

    created = api.post(CONTENT, json=written)

    assert created.status_code == 201
    answer = created.get_json()
    assert created.headers["Location"] == f"{CONTENT}{answer['id']}/"
    expected = written | {"categories": [["Recipes", "Pies"], ["News", "Local"]]}
    assert {name: answer[name] for name in expected} == expected
    assert answer["revision"] == 1
    assert answer["publications"] == []
    assert api.get(created.headers["Location"]).get_json() == answer


def test_a_new_content_is_a_draft(api, tenant):
    assert api.post(CONTENT, json=body(tenant)).get_json()["status"] == "draft"


def test_markdown_becomes_html(api, tenant):
    written = body(tenant, markdown="# Pie\n\n| a |\n|---|\n| b |")
    del written["html"]

    html = api.post(CONTENT, json=written).get_json()["html"]

    assert "<h1>Pie</h1>" in html
    assert "<td>b</td>" in html


def test_html_is_sanitised(api, tenant):
    dirty = '<p onclick="x()">Hello<script>alert(1)</script><a href="javascript:x">y</a></p>'

    html = api.post(CONTENT, json=body(tenant, html=dirty)).get_json()["html"]

    assert html == "<p>Hello<a>y</a></p>"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"title": ""}, "title", id="empty title"),
        pytest.param({"title": "x" * 501}, "title", id="long title"),
        pytest.param({"title": 7}, "title", id="title as number"),
        pytest.param({"html": None}, "body", id="no text"),
        pytest.param({"markdown": "x"}, "body", id="two texts"),
        pytest.param({"html": None, "markdown": "x" * 250_001}, "markdown", id="long markdown"),
        pytest.param({"status": "published"}, "status", id="status only a site can give"),
        pytest.param({"tags": "apple"}, "tags", id="tags as text"),
        pytest.param({"tags": ["x" * 201]}, "tags.0", id="long tag"),
        pytest.param({"site_id": "1"}, "site_id", id="id as text"),
        pytest.param({"external_id": "7"}, "external_id", id="a field of ours"),
        pytest.param(
            {"featured_image_url": "file:///etc/passwd"}, "featured_image_url", id="file address"
        ),
        pytest.param(
            {"featured_image_url": "https://u:p@x.example/"}, "featured_image_url", id="login"
        ),
        pytest.param({"featured_image_url": "http://["}, "featured_image_url", id="broken address"),
        pytest.param(
            {"gallery_images": [{"url": "pie.jpg"}]}, "gallery_images.0.url", id="local path"
        ),
        pytest.param({"gallery_images": [{}]}, "gallery_images.0.url", id="no address"),
    ],
)
def test_a_wrong_field_is_named(api, tenant, change, field):
    answer = problem_of(api.post(CONTENT, json=body(tenant, **change)), 400, "invalid_fields")

    assert field in [error["field"] for error in answer["errors"]]
    assert len(rows(Content)) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"html": "<p> </p>"}, "html", id="nothing to read"),
        pytest.param({"html": "<script>x</script>"}, "html", id="nothing left"),
        pytest.param({"title": " \t "}, "title", id="white title"),
        pytest.param({"title": "a\u0008b"}, "title", id="control character"),
        pytest.param({"html": "x" * (2 * 1024 * 1024 + 1)}, "html", id="too long"),
    ],
)
def test_what_can_not_be_published_is_refused(api, tenant, change, field):
    answer = problem_of(api.post(CONTENT, json=body(tenant, **change)), 422, "content_refused")

    assert [error["field"] for error in answer["errors"]] == [field]
    assert len(rows(Content)) == 1


def test_put_makes_the_next_revision_as_a_whole(api, tenant):
    with session_scope() as session:
        content = make_content(session, tenant.site, tags=("old",), slug="old")

    answer = api.put(one(content), json={"title": "New", "html": "<p>New.</p>"}).get_json()

    assert answer["revision"] == 2
    assert (answer["title"], answer["tags"], answer["slug"]) == ("New", [], "")
    assert answer["status"] == "approved"


def test_patch_changes_what_it_names(api, tenant):
    with session_scope() as session:
        content = make_content(session, tenant.site, tags=("old",), slug="old")

    answer = api.patch(one(content), json={"title": "New", "status": "draft"}).get_json()

    assert answer["revision"] == 2
    assert (answer["title"], answer["tags"], answer["slug"]) == ("New", ["old"], "old")
    assert answer["status"] == "draft"


def test_saving_the_same_again_makes_no_revision(api, tenant):
    before = api.get(one(tenant.content)).get_json()

    after = api.patch(one(tenant.content), json={"title": before["title"]}).get_json()

    assert after == before
    assert len(rows(Revision)) == 1


def test_changes_at_once_make_a_revision_each(app, tenant):
    def save(number):
        client = app.test_client()
        client.patch(one(tenant.content), json={"slug": f"s{number}"}, headers=tenant.headers)

    writers = [threading.Thread(target=save, args=[number]) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert [revision.number for revision in rows(Revision)] == [1, 2, 3, 4, 5]


def test_pictures_keep_their_bytes_when_the_text_changes(api, tenant):
    from models.authoring import keep_image

    held = (Picture(FEATURED, "pie.jpg", "a" * 64, alt="Pie"), Picture(INLINE, "in.jpg", "b" * 64))
    with session_scope() as session:
        for picture in held:
            keep_image(session, picture.hash, b"bytes", "image/jpeg")
        content = make_content(
            session, tenant.site, html='<p>Pie <img src="in.jpg"></p>', images=held
        )

    read = api.get(one(content)).get_json()
    api.patch(one(content), json={"featured_image_alt": "The pie"})
    given = ("title", "html", "featured_image_url", "featured_image_alt")
    api.put(one(content), json={name: read[name] for name in given} | {"slug": "x"})

    images = [revision.document["images"] for revision in rows(Revision)[-2:]]
    assert [[image["hash"] for image in each] for each in images] == [["a" * 64, "b" * 64]] * 2
    assert [each[0]["alt"] for each in images] == ["The pie", "Pie"]


def test_a_picture_can_be_taken_away(api, tenant):
    address = "https://pictures.example/pie.jpg"
    created = api.post(CONTENT, json=body(tenant, featured_image_url=address)).get_json()

    changed = api.patch(f"{CONTENT}{created['id']}/", json={"featured_image_url": None})

    assert changed.get_json()["featured_image_url"] is None


def test_a_content_keeps_its_site(api, tenant):
    change = {"title": "New", "html": "<p>New.</p>", "site_id": tenant.site.id + 1}

    problem_of(api.put(one(tenant.content), json=change), 400, "invalid_fields")


def test_published_is_what_a_site_has_confirmed(api, tenant):
    before = api.get(one(tenant.content)).get_json()
    publication_id = api.post(f"{one(tenant.content)}publish/", json={}).get_json()[
        "publication_id"
    ]
    queued = api.get(one(tenant.content)).get_json()
    finish(publication_id)
    published = api.get(one(tenant.content)).get_json()

    assert [before["status"], queued["status"], published["status"]] == [
        "approved",
        "approved",
        "published",
    ]
    assert published["external_id"] == "77"
    assert published["external_url"] == "https://site.example/?p=77"
    [publication] = published["publications"]
    assert publication["state"] == "published"
    assert publication["site_integration_id"] == tenant.integration.id


def test_why_it_failed_stands_in_the_answer(api, tenant):
    publication = make_publication(tenant.integration)
    finish(publication.id, PublicationState.FAILED, failure="no such author", failure_code="x")

    answer = api.get(f"{CONTENT}{publication.content_id}/").get_json()

    assert answer["status"] == "approved"
    assert answer["publications"][0]["failure"] == "no such author"


def test_pages_show_every_content_once(api, tenant):
    with session_scope() as session:
        for number in range(4):
            make_content(session, tenant.site, title=f"Title {number}")
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = api.get(CONTENT, query_string={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        seen += [each["id"] for each in page.get_json()["results"]]
        cursor, pages = page.get_json()["next_cursor"], pages + 1

    assert seen == sorted((content.id for content in rows(Content)), reverse=True)
    assert pages == 3


def test_a_list_can_be_narrowed(api, tenant, stranger):
    publication = make_publication(tenant.integration, status="draft")
    finish(publication.id)

    def ids(**query):
        return [each["id"] for each in api.get(CONTENT, query_string=query).get_json()["results"]]

    assert ids(status="published") == [publication.content_id]
    assert ids(status="approved") == [tenant.content.id]
    assert ids(status="draft") == []
    assert ids(site_id=tenant.site.id) == [publication.content_id, tenant.content.id]
    assert ids(site_id=stranger.site.id) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        pytest.param("limit=0", "limit", id="no limit"),
        pytest.param("limit=1000000000", "limit", id="huge limit"),
        pytest.param("cursor=nonsense", "cursor", id="foreign cursor"),
        pytest.param("cursor=aWQ6OTk5OTk5OTk5OTk5OTk5", "cursor", id="cursor out of range"),
        pytest.param("status=trash", "status", id="unknown status"),
        pytest.param("site_id=x", "site_id", id="id as letters"),
        pytest.param("sort=digest", "sort", id="unknown parameter"),
    ],
)
def test_a_wrong_query_is_refused(api, tenant, query, field):
    answer = problem_of(api.get(f"{CONTENT}?{query}"), 400, "invalid_fields")

    assert answer["errors"][0]["field"] == field
