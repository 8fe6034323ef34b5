"""The checker: what the site holds against what was accepted, and the rules that always hold."""

import contextlib
import threading
from collections import defaultdict

import redis
import sqlalchemy as sa
from secret_forms import forms
from servers import wait_until

import settings
from models import Attempt, Publication, PublicationState
from models.session import session_scope
from pipeline.retry import LOOK_UPS_PER_ATTEMPT

EVERY = 0.5
"""Seconds between two looks into the broker; at the end of a row its queues are empty."""


def rows_of(content_ids):
    """Return the publications of these contents, by content."""
    found = {}
    ids = sorted(content_ids)
    with session_scope(read_only=True) as session:
        for start in range(0, len(ids), 500):
            query = sa.select(Publication).where(
                Publication.content_id.in_(ids[start : start + 500])
            )
            found |= {row.content_id: row for row in session.scalars(query)}
    return found


def check(run, result):
    """Fill ``result`` with everything that is not as it was promised."""
    entries = run.ledger.entries
    result.accepted = len(entries)
    posts = [_by_content(site.posts()) for site in run.sites]
    rows = rows_of(entries)
    for entry in entries.values():
        _check_content(entry, posts[entry.place][entry.content_id], rows, run.may_fail, result)
    for place, held in enumerate(posts):
        for content_id, found in held.items():
            entry = entries.get(content_id)
            if entry is None or entry.place != place:
                result.duplicates += [f"nobody asked for {post} on site {place}" for post in found]
    result.broken += _broken_rows(rows, run.may_fail) + _broken_fences(rows)
    result.broken += [f"{name} does not answer" for name in run.world.deaf()]
    if not run.row.may_end:
        result.broken += [f"{name} ended by itself: {how}" for name, how in run.world.ends]
    result.broken += run.canaries.seen()


def _by_content(posts):
    found = defaultdict(list)
    for post in posts:
        found[post.content_id].append(post)
    return found


def _check_content(entry, found, rows, may_fail, result):
    publication = rows.get(entry.content_id)
    if len(found) > 1:
        result.duplicates += [f"{entry.title} is there {len(found)} times: {found}"]
    state = publication.state if publication else None
    code = may_fail.get(entry.content_id)
    failed_rightly = code and state is PublicationState.FAILED and publication.failure_code == code
    if failed_rightly and not any(post.status == "publish" for post in found):
        return
    shown = [post for post in found if _shows(post, entry)]
    result.at_site += bool(shown)
    if not shown or state is not PublicationState.PUBLISHED or _is_behind(publication):
        result.lost.append(f"{entry.title}: the site has {found}, its row is {_told(publication)}")
    elif publication.external_id not in {str(post.id) for post in shown}:
        named = f"its row names post {publication.external_id}"
        result.broken.append(f"{entry.title}: the site has {shown}, {named}")


def _shows(post, entry):
    return (post.title, post.status) == (entry.title, "publish") and entry.text in post.html


def _is_behind(publication):
    return publication.published_revision != publication.revision


def _told(row):
    if row is None:
        return "missing"
    return (
        f"{row.state.value}, revision {row.revision}, published {row.published_revision}, "
        f"attempts {row.attempts}, fence {row.fence}, batch {row.batch_id}, "
        f"unclear {row.unclear}, {row.failure_code}: {row.failure}"
    )


def _broken_rows(rows, may_fail):
    most = settings.current().max_attempts * LOOK_UPS_PER_ATTEMPT
    broken = []
    for row in rows.values():
        if row.state is PublicationState.PUBLISHING:
            broken.append(f"publication {row.id} is still publishing: {_told(row)}")
        if row.unclear and row.content_id not in may_fail:
            broken.append(f"publication {row.id} is unclear: {_told(row)}")
        if row.attempts > most:
            broken.append(f"publication {row.id} was tried {row.attempts} times")
    return broken


def _broken_fences(rows):
    """A later claim has a higher fence, and no claim shares one."""
    ids = {row.id for row in rows.values()}
    query = (
        sa.select(Attempt.publication_id, Attempt.batch_id, Attempt.fence)
        .where(Attempt.publication_id.is_not(None), Attempt.fence.is_not(None))
        .distinct()
        .order_by(Attempt.publication_id, Attempt.batch_id)
    )
    broken, last = [], {}
    with session_scope(read_only=True) as session:
        for publication_id, batch_id, fence in session.execute(query):
            before = last.get(publication_id)
            if publication_id in ids and before is not None and fence <= before[1]:
                broken.append(
                    f"publication {publication_id}: batch {batch_id} has fence {fence}, "
                    f"batch {before[0]} had {before[1]}"
                )
            last[publication_id] = (batch_id, fence)
    return broken


class Canaries:
    """Secrets that must be nowhere: searched for in logs, rows, messages and files."""

    def __init__(self, world, folders):
        self._world = world
        self._folders = [*folders, world.folder, *world.database.logs]
        self._secrets, self._found = {}, set()
        self._hears, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="canaries", daemon=True)

    def add(self, name, secret):
        self._secrets[name] = forms(secret)

    def start(self):
        """Return when every event from now on is heard."""
        self._thread.start()
        wait_until(self._hears.is_set, what="an ear for events")

    def _watch(self):
        """Look into the broker while it is full, and at what workers tell Flower meanwhile."""
        while not self._ended.is_set():
            with contextlib.suppress(redis.RedisError, OSError):
                self._listen()
            self._ended.wait(EVERY)

    def _listen(self):
        with self._world.broker.client() as client, client.pubsub() as events:
            events.psubscribe("*")
            wait_until(lambda: events.get_message(timeout=EVERY), what="the broker's consent")
            self._hears.set()
            ended = False
            while not ended:
                ended = self._ended.wait(EVERY)  # then once more: for what came last
                self._search("the broker", self._world.broker.contents())
                while told := events.get_message():
                    if told["type"] == "pmessage":
                        self._search("an event", told["data"])

    def stop(self):
        self._ended.set()
        self._thread.join()

    def _search(self, place, data):
        for name, shapes in list(self._secrets.items()):
            if any(each in data for each in shapes):
                self._found.add(f"{name} stands in {place}")

    def seen(self):
        """Return where a secret was seen; the search ends with it."""
        self.stop()
        with contextlib.suppress(redis.RedisError):
            self._search("the broker", self._world.broker.contents())
        self._search("the database", self._world.database.contents())
        for folder in self._folders:
            for path in [*folder.rglob("*.log"), *folder.rglob("*.aof"), *folder.rglob("*.rdb")]:
                self._search(path.name, path.read_bytes())
        return sorted(self._found)
