"""What a simulated site tells of its posts: numbered events, and the state of a post."""

import html
import re
import secrets
import time
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus

from simulators.messages import (
    Answer,
    Json,
    Request,
    invalid_parameter,
    json_answer,
    missing_parameter,
)
from simulators.store import Post, Store, now_gmt

MOST_POSTS = 50
MOST_EVENTS = 100_000
AUTHOR: Json = {"id": 1, "name": "admin"}
STATUS, METADATA = "status", "metadata"


@dataclass(frozen=True, slots=True)
class Event:
    """One message for the engine, before it is signed; ``kind`` is status or metadata."""

    id: str
    kind: str
    post_id: int
    sequence: int
    body: Json


class Events:
    """The outbox of a site. It keeps events only while ``kept``; the numbers always grow."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._install = secrets.token_hex(5)
        self._shown: dict[int, Json] = {}
        self.kept = False
        self.waiting: deque[Event] = deque(maxlen=MOST_EVENTS)

    def note(self, post: Post, event: str, origin: str = "editor") -> None:
        """Record what happened to a post, if it is ours; the store's lock is held."""
        if not self._store.is_ours(post):
            return
        self._store.graves[post.id] = (post.publication_key, post.content_id)
        row = self._store.publications.get(post.publication_key)
        self._keep(
            STATUS,
            post,
            {
                "event": event,
                "post_status": "gone" if event == "deleted" else post.status,
                "post_url": post.link,
                "post_title": html.unescape(post.title),
                "origin": origin,
                "revision": row.revision if row else 0,
                "fingerprint": row.fingerprint if row else "",
            },
        )
        self._note_metadata(post, event, origin)

    def _note_metadata(self, post: Post, event: str, origin: str) -> None:
        facts = self._metadata(post)
        changed = self._shown.get(post.id) not in (None, facts)
        self._shown[post.id] = facts
        if changed and origin == "editor" and event != "deleted":
            self._keep(METADATA, post, facts | {"modified": post.modified_gmt})

    def _keep(self, kind: str, post: Post, facts: Json) -> None:
        number = self._store.sequences.get(post.id, 0) + 1
        self._store.sequences[post.id] = number
        if not self.kept:
            return
        body = {
            "post_id": post.id,
            "content_id": post.content_id,
            "publication_key": post.publication_key,
            "site_url": self._store.url,
            "sequence": number,
            "modified_gmt": post.modified_gmt or now_gmt(),
        }
        name = f"{self._install}.{post.id}.{number}.{int(time.time())}"
        self.waiting.append(Event(name, kind, post.id, number, body | facts))

    def _metadata(self, post: Post) -> Json:
        names = {term.id: html.unescape(term.name) for term in self._store.terms.values()}
        return {
            "categories": sorted(names[id_] for id_ in post.categories),
            "tags": sorted(names[id_] for id_ in post.tags),
            "author": AUTHOR,
        }

    def show_state(self, request: Request) -> Answer:
        """Answer GET /post-state; raises Refused."""
        wish = request.query.get("post_ids", "").strip()
        if not wish:
            raise missing_parameter("post_ids")
        ids = list(dict.fromkeys(item.strip() for item in wish.split(",")))
        if len(ids) > MOST_POSTS or not all(_is_id(id_) for id_ in ids):
            raise invalid_parameter("post_ids", f"a list of at most {MOST_POSTS} post ids")
        with self._store.lock:
            return json_answer({"posts": [self._state(int(id_)) for id_ in ids]}, HTTPStatus.OK)

    def _state(self, post_id: int) -> Json:
        post = self._store.posts.get(post_id)
        key, content_id = self._store.graves.get(post_id, (None, 0))
        if post is not None:
            ours = self._store.is_ours(post)
            key, content_id = (post.publication_key, post.content_id) if ours else (None, 0)
        gone: Json = {"categories": [], "tags": [], "author": None}
        return {
            "post_id": post_id,
            "publication_key": key,
            "content_id": content_id,
            "post_status": post.status if post else "gone",
            "post_url": post.link if post else None,
            "post_title": html.unescape(post.title) if post else None,
            "modified_gmt": post.modified_gmt if post else None,
            "sequence": self._store.sequences.get(post_id, 0),
        } | (self._metadata(post) if post else gone)


def _is_id(text: str) -> bool:
    return bool(re.fullmatch("[1-9][0-9]{0,17}", text))
