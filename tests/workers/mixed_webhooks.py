"""A site's webhooks as a bad network brings them: late, twice, in any order, with poison."""

import random
import time
from dataclasses import dataclass

import sqlalchemy as sa
from factories import make_publication, reload
from servers import wait_until

from ingress import create_app
from models import InboxMessage as Message
from models import Integration, Publication, PublicationState, SyncEvent
from models.session import session_scope
from pipeline.signing import signature
from tasks.publishing import building, confirming, dispatching, pushing

SECRET = "whsec_" + "c2VjcmV0" * 6
LINKS = (
    building.build_excerpts,
    building.build_taxonomy,
    building.build_images,
    pushing.push_batch,
    confirming.confirm_batch,
)
STATUSES = ("publish", "draft", "pending", "private", "future")
NAMES = ("News", "R&D", "Places", "Über uns")
POISON = (
    b"{",
    b"[]",
    b"\xff\xfe",
    b"[" * 10_000,
    b'{"post_id": 1, "post_id": 2}',
    b'{"post_id": true}',
    b'{"post_id": 7, "sequence": 1e400}',
    b"9" * 5000,
)
ENDS = {"applied", "ignored", "echo"}


@dataclass
class Sent:
    """What was sent: ids of genuine messages, and how many bodies were poison."""

    ids: set
    poison: int


def publish(integration, site, count):
    """Publish some contents on the site, which keeps its events from then on."""
    site.pair("http://engine.example", integration.site_id, SECRET)
    with session_scope() as session:
        ours = session.get_one(Integration, integration.id)
        ours.site.webhook_secret, ours.site.require_signature = SECRET, True
    made = [make_publication(integration, title=f"Post {n}") for n in range(count)]
    while claims := dispatching.claim_due():
        for claim in claims:
            for link in LINKS:
                link(claim.batch_id)
    # Where workers run as well, they may have taken some: those are on their way.
    wait_until(lambda: len(site.posts) == count and _all_published(made), what="the posts")
    return made


def _all_published(made):
    return all(reload(each).state is PublicationState.PUBLISHED for each in made)


def live(site, changes, dice):
    """Let editors do ``changes`` things to the posts."""
    for _ in range(changes):
        post = dice.choice(site.posts)
        deed = dice.random()
        if post.status == "trash":
            site.untrash(post.id) if deed < 0.9 else site.delete(post.id)
        elif deed < 0.1:
            site.trash(post.id)
        elif deed < 0.3:
            tags = [f"tag {dice.randrange(9)}"]
            site.assign(post.id, categories=dice.sample(NAMES, 2), tags=tags)
        elif deed < 0.6:
            site.edit(post.id, title=f"Title {dice.randrange(10**6)}")
        else:
            site.edit(post.id, status=dice.choice(STATUSES))


def poison(webhooks, share, dice):
    """Return as many signed bodies that nobody can read, as a share of ``webhooks``."""
    from simulators.engine import sign
    from simulators.events import Event

    first = webhooks[0]
    key = first.headers["X-IGNY8-API-Key"]
    found = []
    for number in range(int(len(webhooks) * share)):
        signed = sign(Event(f"poison.{number}", "status", 1, 1, {}), SECRET, key)
        found.append((signed, dice.choice(POISON)))
    return found


def send(app, site, seed, duplicated=0.3, poisoned=0.05):
    """Bring everything the site has to tell through the doors; return what it was."""
    dice = random.Random(seed)
    webhooks = site.take_webhooks(shuffled=True, duplicated=duplicated, seed=seed)
    sent = Sent({w.event.id for w in webhooks}, 0)
    requests = [(w.path, w.body, dict(w.headers)) for w in webhooks]
    for signed, body in poison(webhooks, poisoned, dice):
        requests.append((signed.path, body, dict(signed.headers)))
        sent.poison += 1
    dice.shuffle(requests)
    client = app.test_client()
    for path, body, headers in requests:
        answer = client.post(path, data=body, headers=_signed_now(headers, body))
        assert answer.status_code == 202, answer.text
    return sent


def _signed_now(headers, body):
    """As the plugin does with each attempt: on a busy machine the last one waits for minutes."""
    stamp = str(int(time.time()))
    made = signature(headers["webhook-id"], stamp, body, SECRET)
    return headers | {"webhook-timestamp": stamp, "webhook-signature": made}


def application():
    import settings

    known = settings.current().model_copy(update={"limit_site": 0, "limit_refused": 0})
    return create_app(known)


def unread():
    with session_scope(read_only=True) as session:
        query = sa.select(sa.func.count()).where(Message.state.in_(("waiting", "reading")))
        return session.scalar(query)


def differences(site, sent):
    """Return everything that is not as it must be: nothing lost, nothing twice, as the site is."""
    with session_scope(read_only=True) as session:
        rows = session.scalars(sa.select(Publication)).all()
        messages = session.execute(sa.select(Message.id, Message.message_id, Message.state)).all()
        told = session.scalars(
            sa.select(SyncEvent.details).where(SyncEvent.direction == "wp_to_igny8")
        ).all()
    states = {name: state.value for _, name, state in messages}
    found = [f"lost: {id_}" for id_ in sent.ids - states.keys()]
    found += [f"{name}: {s}" for name, s in states.items() if name in sent.ids and s not in ENDS]
    dead = sum(s == "dead" for s in states.values())
    found += [] if dead == sent.poison else [f"{dead} dead, {sent.poison} poison"]
    numbers = [details["inbox_id"] for details in told]
    if sorted(numbers) != sorted(id_ for id_, *_ in messages):
        found.append(f"{len(numbers)} events for {len(messages)} messages")
    posts = {str(post.id): post for post in site.posts}
    shown = {entry["post_id"]: entry for entry in states_of(site, rows)}
    for row in rows:
        found += _compare(row, posts.get(row.external_id), shown[int(row.external_id)])
    return found


def states_of(site, rows):
    """Return the site's own words about the posts of these rows."""
    import requests

    entries = []
    for start in range(0, len(rows), 50):
        ids = ",".join(row.external_id for row in rows[start : start + 50])
        answer = requests.get(
            f"{site.url}/wp-json/igny8/v1/post-state",
            params={"post_ids": ids},
            headers={"X-IGNY8-API-Key": site.api_key},
            timeout=10,
        )
        entries += answer.json()["posts"]
    return entries


def _compare(row, post, shown):
    found = []
    if row.external_status != shown["post_status"]:
        found.append(f"{row.external_id}: {row.external_status}, not {shown['post_status']}")
    if post is not None and row.remote_metadata is not None:
        kept = row.remote_metadata
        if kept["title"] not in {None, post.title}:
            found.append(f"{row.external_id}: {kept['title']!r}, not {post.title!r}")
        if "tags" in kept and [kept["categories"], kept["tags"]] != [
            shown["categories"],
            shown["tags"],
        ]:
            found.append(f"{row.external_id}: {kept['tags']}, not {shown['tags']}")
    return found
