"""Door 1, webhooks: what a body says wrongly is not believed, and harms nobody."""

import json

import pytest
import sqlalchemy as sa
from factories import make_content, make_publication
from inbox_messages import events, make_due, message, publication, read_inbox
from ingress_rows import finish, make_tenant
from webhook_calls import STATUS, keyed

from models import Integration
from models.session import session_scope

pytestmark = pytest.mark.usefixtures("sqlite_database")


@pytest.fixture
def stranger(app):
    with session_scope() as session:
        return make_tenant(session)


@pytest.fixture
def known(tenant):
    """A publication of the tenant's whose post the site has shown, and may not be asked for."""
    with session_scope() as session:
        session.execute(sa.update(Integration).values(suspended_at=sa.func.now()))
    made = make_publication(tenant.integration)
    finish(made.id, external_id="7", external_url=None)
    return publication(made)


@pytest.fixture
def site_says(client, tenant):
    """Send a status webhook of the tenant's site and read it; return its row."""

    def send(body=None, **more):
        whole = {
            "post_id": 7,
            "post_status": "draft",
            "post_title": "A title",
            "post_url": f"{tenant.site.url}/a/",
            "site_url": tenant.site.url,
        } | more
        data = json.dumps(whole).encode() if body is None else body
        answer = client.post(STATUS, data=data, headers=keyed(tenant.site))
        assert answer.status_code == 202, answer.text
        read_inbox()
        return message(answer.get_json()["id"])

    return send


def marked(known, sequence=1, at="2026-11-20T10:00:00Z", **more):
    """What a plugin sends that counts; the first is believed where the marks are set before."""
    return {
        "content_id": known.content_id,
        "publication_key": known.key,
        "sequence": sequence,
        "modified_gmt": at,
    } | more


@pytest.fixture
def counted(known):
    """The same publication, of which something has been heard before."""
    with session_scope() as session:
        session.execute(
            sa.text(
                "UPDATE publications SET remote_sequence = 0,"
                " remote_modified_at = '2026-11-19 10:00:00.000000'"
            )
        )
    return publication(known)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param(b'{"post_title": "\xff"}', "parse", id="b9-no-utf-8"),
        pytest.param(b'\xef\xbb\xbf{"post_id": 7}', "parse", id="b9-byte-order-mark"),
        pytest.param(b'{"post_id": 7, "x": "\0"}', "parse", id="b9-nul"),
        pytest.param(b'{"post_id": 7, "post_id": 8}', "parse", id="b10-name-twice"),
        pytest.param(b'{"post_id": NaN}', "parse", id="b10-nan"),
        pytest.param(b'{"post_id": Infinity}', "parse", id="b10-infinity"),
        pytest.param(b'{"post_id": 1e400}', "parse", id="b10-1e400"),
        pytest.param(b'{"post_id": ' + b"9" * 5000 + b"}", "parse", id="b10-5000-digits"),
        pytest.param(b"[" * 10_000 + b"]" * 10_000, "parse", id="b11-deep"),
        pytest.param(b"[1]", "schema", id="b11-array"),
        pytest.param(b'"x"', "schema", id="b11-text"),
        pytest.param(b"null", "schema", id="b11-null"),
        pytest.param(b"7", "schema", id="b11-number"),
    ],
)
def test_what_is_no_message_is_dead_and_harms_nobody(site_says, known, body, why):
    row = site_says(body)

    assert row.state.value == "dead"
    assert row.reason.startswith(f"{why}: ")
    assert row.body == body
    assert events()[-1].status.value == "failed"
    assert publication(known).external_status == "publish"


@pytest.mark.parametrize(
    "site_url",
    [
        pytest.param("https://another.example", id="b14-another-site"),
        pytest.param("{http}", id="b21-http-for-https"),
        pytest.param("https://me:word@{host}", id="b21-login"),
        pytest.param("no address", id="b14-no-address"),
        pytest.param("https://{host}.evil.example", id="b14-longer-name"),
    ],
)
def test_a_message_about_another_site_is_rejected(site_says, tenant, counted, site_url):
    url = tenant.site.url
    host = url.removeprefix("https://")
    other = site_url.format(host=host, http=f"http://{host}")
    row = site_says(**marked(counted, site_url=other))

    assert row.state.value == "rejected"
    assert row.reason.startswith("site: ")
    assert publication(counted).external_status == "publish"
    assert events()[-1].status.value == "failed"


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(str.upper, id="b21-capitals"),
        pytest.param(lambda url: f"{url}/", id="b21-slash"),
        pytest.param(lambda url: f"{url}:443", id="b21-port"),
        pytest.param(lambda url: f"{url}/wordpress", id="b21-folder-of-wordpress"),
    ],
)
def test_the_same_site_in_another_spelling_is_the_same(site_says, tenant, counted, shape):
    url = shape(tenant.site.url).replace("HTTPS", "https")
    assert site_says(**marked(counted, site_url=url)).state.value == "applied"


@pytest.mark.parametrize("place", [pytest.param("punycode", id="b21-punycode")])
def test_a_name_in_unicode_is_the_same_in_punycode(site_says, tenant, counted, place):
    with session_scope() as session:
        row = session.get_one(Integration, tenant.integration.id)
        row.config_json = {"site_url": "https://xn--mller-kva.example"}
    row = site_says(**marked(counted, site_url="https://Müller.example/"))

    assert row.state.value == "applied"


@pytest.mark.parametrize("whose", [pytest.param("a stranger's", id="b15-another-tenant")])
def test_another_tenants_content_is_rejected_like_a_missing_one(
    site_says, tenant, stranger, known, whose
):
    theirs = site_says(content_id=stranger.content.id)
    missing = site_says(content_id=999_999)

    assert (theirs.state.value, theirs.reason) == (missing.state.value, missing.reason)
    assert theirs.state.value == "rejected"
    assert "content" in theirs.reason


@pytest.mark.parametrize(
    ("value", "state"),
    [
        pytest.param("x", "dead", id="b16-text"),
        pytest.param("{id}", "waiting", id="b16-the-right-number-as-text"),
        pytest.param("{id} OR 1=1", "dead", id="b16-sql"),
        pytest.param("0{id}", "dead", id="b16-leading-zero"),
        pytest.param(1.0, "dead", id="b16-float"),
        pytest.param(-1, "dead", id="b16-negative"),
        pytest.param(0, "waiting", id="b16-zero-is-none"),
        pytest.param(2**63, "dead", id="b16-large"),
        pytest.param([1], "dead", id="b16-list"),
        pytest.param(True, "dead", id="b16-boolean"),
        pytest.param({"id": 1}, "dead", id="b16-object"),
    ],
)
def test_a_content_is_named_exactly_or_not_at_all(site_says, known, value, state):
    given = value.format(id=known.content_id) if isinstance(value, str) else value
    row = site_says(content_id=given)

    assert row.state.value == state, row.reason
    assert publication(known).external_status == "publish"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(0, id="b17-zero"),
        pytest.param(-7, id="b17-negative"),
        pytest.param("12abc", id="b17-letters"),
        pytest.param(True, id="b17-boolean"),
        pytest.param(None, id="b17-null"),
        pytest.param(2**63, id="b17-large"),
        pytest.param(7.5, id="b17-float"),
    ],
)
def test_a_post_is_named_exactly(site_says, known, value):
    assert site_says(post_id=value).state.value == "dead"


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        pytest.param("auto-draft", "auto-draft", id="b18-auto-draft"),
        pytest.param("inherit", "inherit", id="b18-inherit"),
        pytest.param("", "publish", id="b18-empty"),
        pytest.param(None, "publish", id="b18-null"),
        pytest.param("x" * 1000, "x" * 100, id="b18-1000-letters"),
        pytest.param(["draft"], "publish", id="b18-list"),
    ],
)
def test_an_unknown_status_is_kept_and_means_nothing(api, site_says, counted, status, kept):
    assert site_says(**marked(counted, post_status=status)).state.value == "applied"

    assert publication(counted).external_status == kept
    content = api.get(f"/api/v1/writer/content/{counted.content_id}/").get_json()
    assert content["status"] == "published"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("javascript:alert(1)", id="b19-javascript"),
        pytest.param("https://evil.example/a/", id="b19-other-host"),
        pytest.param("https://{host}@evil.example/", id="b19-login"),
        pytest.param("https://{host}/" + "a" * 5000, id="b19-5000-letters"),
        pytest.param("https://{host}:bad/", id="b19-no-port"),
        pytest.param(7, id="b19-number"),
    ],
)
def test_an_address_elsewhere_is_not_kept(site_says, tenant, counted, url):
    host = tenant.site.url.removeprefix("https://")
    given = url.format(host=host) if isinstance(url, str) else url
    assert site_says(**marked(counted, post_url=given)).state.value == "applied"

    assert publication(counted).external_url is None


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        pytest.param("<script>alert(1)</script>Pie", "alert(1)Pie", id="b20-script"),
        pytest.param("a\u202eb", "ab", id="b20-right-to-left"),
        pytest.param("a\0b", "ab", id="b20-nul"),
        pytest.param("a\ud800b", "ab", id="b20-half-a-character"),
        pytest.param("x" * 200_000, "x" * 500, id="b20-long"),
        pytest.param({"rendered": "x"}, None, id="b20-object"),
    ],
)
def test_a_title_is_kept_clean_and_short(site_says, counted, title, kept):
    assert site_says(**marked(counted, post_title=title)).state.value == "applied"

    assert publication(counted).remote_metadata["title"] == kept


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(None, id="b22-missing"),
        pytest.param("0000-00-00 00:00:00", id="b22-zeros"),
        pytest.param("9999-12-31T00:00:00Z", id="b22-year-9999"),
        pytest.param("2026-11-20T10:00:00+02:00", id="b22-with-a-zone"),
        pytest.param("2126-11-20T10:00:00Z", id="b22-future"),
        pytest.param(1763632800, id="b22-number"),
    ],
)
def test_a_time_that_cannot_be_is_not_used(site_says, counted, at):
    """The site is asked instead; here it is suspended, so the message waits."""
    assert site_says(**marked(counted, at=at)).state.value == "waiting"
    assert publication(counted).external_status == "publish"


@pytest.mark.parametrize("post_id", [pytest.param(4711, id="b30-never-ours")])
def test_a_post_that_we_never_made_is_ignored(site_says, known, post_id):
    row = site_says(post_id=post_id)

    assert (row.state.value, row.reason) == ("ignored", "the post is none that we made")


@pytest.mark.parametrize("late", [pytest.param("2026-11-19T11:00:00Z", id="b31-older-update")])
def test_a_deleted_post_is_not_revived_by_an_older_message(site_says, counted, late):
    deleted = marked(counted, sequence=5, event="deleted", post_status="gone")
    assert site_says(**deleted).state.value == "applied"
    row = site_says(**marked(counted, sequence=4, at=late, post_status="publish"))
    make_due()
    read_inbox()

    assert row.state.value in {"waiting", "ignored"}  # waiting: the site is asked first
    assert publication(counted).external_status == "gone"


def test_contents_of_the_same_site_are_told_apart(site_says, tenant, known):
    with session_scope() as session:
        other = make_content(session, session.merge(tenant.site))

    assert site_says(**marked(known) | {"content_id": other.id}).state.value == "rejected"


def test_a_copy_at_the_address_that_a_site_moved_from_is_another_site(site_says, tenant, counted):
    with session_scope() as session:
        row = session.get_one(Integration, tenant.integration.id)
        row.config_json = {"site_url": "https://moved.example"}

    assert site_says(**marked(counted, site_url=tenant.site.url)).state.value == "rejected"
    assert site_says(**marked(counted, site_url="https://moved.example")).state.value == "applied"
