"""The routes of the plugin igny8-wp-bridge, as docs/bridge-protocol.md says."""

import html
from http import HTTPStatus

from simulators.claims import STALE_SECONDS, Claim, Claims, Work
from simulators.delivery import Pause
from simulators.documents import Document, read_document, read_json
from simulators.engine import PLUGIN_VERSION
from simulators.events import Events
from simulators.faults import Fault, Kind
from simulators.keys import STEPS, Keys, Prove
from simulators.listing import is_listing, list_publications
from simulators.messages import (
    Answer,
    Crashed,
    Json,
    Refused,
    Request,
    invalid_parameter,
    json_answer,
    missing_parameter,
    no_route,
    refusal,
)
from simulators.pictures import MAX_BODY_BYTES, Library
from simulators.store import DONE, Post, Publication, Store, now_gmt, sanitized
from simulators.structure import PHP_VERSION, WORDPRESS_VERSION, describe_structure

NAMESPACE = "/igny8/v1"
MOST_KEYS, MOST_HASHES = 50, 100
ROUTES = {("POST", name) for name in ("publish", "media", "key")} | {
    ("GET", name) for name in ("status", "publications", "media", "structure", "post-state")
}


class Bridge:
    """Answers below ``/igny8/v1``. An empty current key refuses everybody."""

    def __init__(
        self,
        store: Store,
        keys: tuple[str, Prove],
        pause: Pause,
        stale_seconds: float = STALE_SECONDS,
    ) -> None:
        self._store = store
        self._pause = pause
        self._claims = Claims(store, stale_seconds)
        self.library = Library(store, pause)
        self.keys = Keys(*keys)
        self.events = Events(store)
        self.pretty_permalinks = True
        self.work_seconds = 0.0

    def answer(self, request: Request, route: str, fault: Fault | None) -> Answer:
        """Answer one request; raises Refused, and Crashed where the fault says so."""
        path = route.removeprefix(NAMESPACE).strip("/")
        name, _, key = path.partition("/")
        method = "GET" if request.method == "HEAD" else request.method
        if (method, name) not in ROUTES or (key and name not in {"publications", "key"}):
            raise no_route()
        if name == "key" and key not in STEPS:
            raise no_route()
        read_json(request)  # WordPress refuses broken JSON before it asks who is there.
        self.keys.check(request)
        if name == "publish":
            return self._publish(request, fault)
        if name == "key":
            return self.keys.answer(request, key)
        if method == "POST":
            return self.library.push(request, fault)
        return self._show(request, name, key)

    def _show(self, request: Request, name: str, key: str) -> Answer:
        """Answer what only reads; raises Refused."""
        match name:
            case "publications":
                return self._one(key.lower()) if key else self._many(request)
            case "media":
                hashes = _query_list(request, "hashes", MOST_HASHES)
                return json_answer({"media": self.library.find(hashes)})
            case "structure":
                return json_answer(describe_structure(self._store))
            case "post-state":
                return self.events.show_state(request)
        return json_answer(self._status(request))

    def _status(self, request: Request) -> Json:
        return {
            "plugin": "igny8-wp-bridge",
            "plugin_version": PLUGIN_VERSION,
            "protocol": 1,
            "wordpress_version": WORDPRESS_VERSION,
            "php_version": PHP_VERSION,
            "site_url": self._store.url,
            "home_url": self._store.url,
            "timezone": "Europe/Berlin",
            "gmt_offset": 1.0,
            "transactions": True,
            "max_body_bytes": MAX_BODY_BYTES,
            "seo_plugin": None,
            "time_gmt": now_gmt(),
            "can_write": True,
            "authorization_header_seen": "authorization" in request.headers,
            "pretty_permalinks": self.pretty_permalinks,
            "upload_limits": {
                "max_upload_bytes": 2_097_152,
                "max_post_bytes": 8_388_608,
                "memory_bytes": 268_435_456,
                "execution_seconds": 30,
            },
        }

    def _one(self, key: str) -> Answer:
        with self._store.lock:
            row = self._store.publications.get(key)
            if row is None:
                raise refusal(
                    "igny8_unknown_key", HTTPStatus.NOT_FOUND, "No publication has this key."
                )
            return json_answer(self._store.describe(row))

    def _many(self, request: Request) -> Answer:
        if is_listing(request):
            return list_publications(self._store, request)
        keys = _query_list(request, "keys", MOST_KEYS)
        with self._store.lock:
            rows = [row for key in keys if (row := self._store.publications.get(key))]
            return json_answer({"publications": [self._store.describe(row) for row in rows]})

    def _publish(self, request: Request, fault: Fault | None) -> Answer:
        document = read_document(request)
        claim = self._claims.open(document)
        if claim.work is Work.NOTHING:
            return _replay(self._one(document.key))
        try:
            status = self._work(claim, document, fault)
        except Refused:
            self._claims.release(claim)
            raise
        answer = self._one(document.key)
        if claim.work is Work.IMAGES:
            return _replay(answer)
        return Answer(status, answer.body)

    def _work(self, claim: Claim, document: Document, fault: Fault | None) -> int:
        """Do the work of a claim in the plugin's order: the draft first, the public part last."""
        _crash(fault, "reserved")
        if claim.work is Work.WHOLE:
            with self._store.lock:
                self._ensure_post(self._claims.owned(claim), document, fault)
            _crash(fault, "draft")
        self._pause(self.work_seconds)
        images = [self.library.attach(image) for image in document.images]
        with self._store.lock:
            row = self._claims.owned(claim)
            post = self._store.posts.get(row.post_id or 0)
            if post is None:
                raise refusal(
                    "igny8_write_failed", HTTPStatus.INTERNAL_SERVER_ERROR, "Invalid post ID."
                )
            _show_images(post, row, images)
            if claim.work is Work.WHOLE:
                self._complete(post, document)
            post.content = _with_gallery(document.content_html, images)
            self._store.touch(post)
            before = claim.before
            is_new = before is None or not before.completed or before.post_id != row.post_id
            row.state, row.images, row.completed = DONE, images, True
            self.events.note(post, "created" if is_new else "updated", "igny8")
        return HTTPStatus.CREATED if is_new else HTTPStatus.OK

    def _ensure_post(self, row: Publication, document: Document, fault: Fault | None) -> None:
        """See to it that there is a post outside the trash; the draft and its row are one step."""
        if fault is not None and fault.kind is Kind.WRITE_FAILED:
            raise refusal(
                "igny8_write_failed",
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "Could not insert post into the database.",
            )
        post = self._store.posts.get(row.post_id or 0)
        if post is not None:
            if post.status == "trash":
                self._store.untrash(post)
            return
        id_ = next(self._store.ids)
        now = now_gmt()
        post = Post(
            id=id_,
            publication_key=document.key,
            content_id=document.content_id,
            title=document.title,
            content=document.content_html,
            excerpt=document.excerpt,
            created_gmt=now,
            modified_gmt=now,
        )
        post.link = self._store.link(post)
        self._store.posts[id_] = post
        row.post_id = id_

    def _complete(self, post: Post, document: Document) -> None:
        """Write everything but the images; the lock is held."""
        store = self._store
        categories = [store.term("category", path) for path in document.categories]
        tags = [store.term("post_tag", (name,)) for name in document.tags]
        post.categories = list(dict.fromkeys(filter(None, categories))) or [1]
        post.tags = list(dict.fromkeys(filter(None, tags)))
        post.title, post.excerpt, post.seo = document.title, document.excerpt, document.seo
        post.status = document.status
        slug = sanitized(document.slug)
        if not slug and document.status == "publish":
            slug = post.slug or sanitized(document.title) or str(post.id)
        if slug:
            store.rename(post, slug)


def _replay(answer: Answer) -> Answer:
    return Answer(HTTPStatus.OK, answer.body, headers={"Idempotent-Replayed": "true"})


def _crash(fault: Fault | None, place: str) -> None:
    if fault is not None and fault.kind is Kind.CRASH and fault.at == place:
        raise Crashed


def _show_images(post: Post, row: Publication, images: list[Json]) -> None:
    """Set the featured image; one that an earlier revision set goes when none is wanted."""
    featured = next((image for image in images if image["role"] == "featured"), None)
    ours = {i["attachment_id"] for i in row.images if i["role"] == "featured"}
    if featured is not None and featured["status"] == "attached":
        post.featured_media = featured["attachment_id"]
    elif featured is None and post.featured_media in ours:
        post.featured_media = 0


def _with_gallery(content: str, images: list[Json]) -> str:
    shown = [i for i in images if (i["role"], i["status"]) == ("gallery", "attached")]
    if not shown:
        return content
    items = "".join(
        f'<img src="{i["media_url"]}" alt="{html.escape(i["alt"])}" '
        f'class="wp-image-{i["attachment_id"]}"/>'
        for i in shown
    )
    return (
        f'{content}\n\n<!-- wp:gallery {{"className":"igny8-gallery"}} -->\n'
        f'<figure class="wp-block-gallery igny8-gallery">{items}</figure>\n<!-- /wp:gallery -->'
    )


def _query_list(request: Request, name: str, most: int) -> list[str]:
    items = [item.strip() for item in request.query.get(name, "").lower().split(",")]
    items = list(dict.fromkeys(item for item in items if item))
    if not items:
        raise missing_parameter(name)
    if len(items) > most:
        raise invalid_parameter(name, f"a list of at most {most}")
    return items
