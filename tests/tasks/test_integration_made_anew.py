"""An integration that is removed and made anew knows the posts that it has at its site."""

import pytest
import sqlalchemy as sa
from chains import run_due
from factories import make_content, make_integration, make_publication, make_site, reload

import settings
from ingress import create_app
from models import ApiToken, Content, Integration, Publication, PublicationState, Site, SyncEvent
from models.encryption import digest
from models.publishing.accepting import Wanted, accept_publish
from models.session import session_scope
from pipeline.errors import UnclearOutcome
from platforms.wordpress import WordPressBridge

BASE = "/api/v1/integration/integrations/"
TOKEN = "igny8_api_a_token"


@pytest.fixture
def api(integration, broker_away):
    """The API, for who has a token of the account."""
    with session_scope() as session:
        token = ApiToken(account_id=integration.account_id, name="test", prefix=TOKEN[:14])
        token.digest = digest(TOKEN)
        session.add(token)
    client = create_app(settings.current()).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    return client


def make_anew(api, integration):
    """Remove an integration over the API and make it again; return the new one."""
    answer = api.delete(f"{BASE}{integration.id}/")
    assert answer.status_code == 204, answer.text
    answer = api.post(BASE, json={"site": integration.site_id, "platform": "wordpress"})
    assert answer.status_code == 201, answer.text
    with session_scope(read_only=True) as session:
        return session.get_one(Integration, answer.get_json()["id"])


def publish(content_id, integration, title=None):
    """Accept a publish, of a newer text where there is a ``title``; return the row."""
    with session_scope() as session:
        content = session.get_one(Content, content_id)
        if title is not None:
            make_content(session, content.site, title, content=content)
        ours = session.get_one(Integration, integration.id)
        return accept_publish(session, content, ours, Wanted()).publication


def events():
    with session_scope(read_only=True) as session:
        return [event.action for event in session.scalars(sa.select(SyncEvent))]


@pytest.mark.parametrize("title", [None, "A newer text"], ids=["the-same-text", "a-newer-text"])
def test_what_is_published_again_is_its_post(api, integration, simulated_site, title):
    before = make_publication(integration, title="A text")
    run_due()
    (post_id,) = [post.id for post in simulated_site.posts]

    for _ in range(2):
        integration = make_anew(api, integration)
        found = publish(before.content_id, integration, title)
        run_due()

        (post,) = simulated_site.posts
        assert (post.id, post.title) == (post_id, title or "A text")
        found = reload(found)
        assert (found.state, found.external_id) == (PublicationState.PUBLISHED, str(post_id))
        assert found.published_revision == simulated_site.publications[0].revision
    assert "site_ahead" not in events()


def test_what_was_on_its_way_before_makes_no_second_post_and_brings_no_older_text(
    api, integration, simulated_site, environment
):
    before = make_publication(integration, title="A text")
    publish(before.content_id, integration, "The older text")
    sent = []

    def fall_asleep(bridge, payload):
        sent.append((bridge, payload))
        raise UnclearOutcome("no answer in time", code="timeout")

    with environment.context() as patched:
        patched.setattr(WordPressBridge, "publish", fall_asleep)
        run_due()
    integration = make_anew(api, integration)
    found = publish(before.content_id, integration, "The newest text")
    run_due()
    with pytest.raises(Exception, match="newer"):
        WordPressBridge.publish(*sent[0])

    assert [post.title for post in simulated_site.posts] == ["The newest text"]
    assert reload(found).state is PublicationState.PUBLISHED


def test_no_other_site_and_no_other_content_has_its_key(api, integration):
    before = make_publication(integration)
    with session_scope() as session:
        site = session.get_one(Site, integration.site_id)
        other = make_integration(session, make_site(session, site.account))

    integration = make_anew(api, integration)
    found = publish(before.content_id, integration)

    assert found.key == before.key
    assert publish(before.content_id, other).key != before.key
    assert make_publication(integration).key != before.key


def test_it_is_kept_though_an_older_release_has_made_another(api, integration):
    """While two releases run side by side one may know nothing of the key that is kept."""
    first = make_publication(integration)
    integration = make_anew(api, integration)
    with session_scope() as session:
        values = {"account_id": integration.account_id, "integration_id": integration.id}
        values |= {"content_id": first.content_id, "revision_id": first.revision_id}
        session.execute(sa.insert(Publication).values(values | {"key": "another"}))

    integration = make_anew(api, integration)

    assert publish(first.content_id, integration).key == first.key
