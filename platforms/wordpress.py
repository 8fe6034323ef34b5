"""WordPress through the bridge plugin: docs/bridge-protocol.md."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from packaging.version import InvalidVersion, Version

from pipeline.errors import (
    BridgeMissing,
    BridgeTooOld,
    SiteError,
    TemporaryError,
    UnclearOutcome,
)
from pipeline.settling import Said
from platforms.answers import clean, complain, is_missing_route, rest_route
from platforms.base import (
    Collection,
    Exchange,
    Page,
    RemotePost,
    SiteStatus,
    Target,
    Upload,
)
from platforms.collections import collection_of
from platforms.http import Answer, Request, SiteHttp
from platforms.post_states import is_unknown_route, said_in, said_of_publications
from platforms.publications import page_of, remote_post
from platforms.refusals import SAMPLE, explained

OLDEST_BRIDGE = Version("1.4.0")
"""The first that reserves the publication key; older ones could make a second post (C40)."""

OK, CREATED, BAD_REQUEST, NOT_FOUND = 200, 201, 400, 404
HASHES_PER_REQUEST = 50
"""64 letters each: common servers refuse an address of 8 kB."""

KEYS_PER_REQUEST = 50
"""What the bridge takes at once."""

LARGEST_PAGE, SMALLEST_PAGE = 200, 10
"""Publications of a listing's page; one of many images can be of several kB."""


class WordPressBridge:
    """Speaks to one WordPress site; every method raises what `Platform` says."""

    def __init__(self, target: Target, before_each: Callable[[], None] = lambda: None) -> None:
        self._http = SiteHttp(target, before_each)
        self._pretty = True
        self.page_size = LARGEST_PAGE

    @property
    def exchanges(self) -> list[Exchange]:
        return self._http.exchanges

    def status(self) -> SiteStatus:
        answer = self._call(Request("GET", "/status"))
        body = answer.json()
        if answer.status == OK and not isinstance(body, dict):
            raise SiteError(
                f"{self._http.target.site_url} answers, but it is not a WordPress REST API",
                code="not_wordpress",
            )
        if answer.status != OK:
            raise complain(answer, Request("GET", "/status"))
        _refuse_old(str(body.get("plugin_version", "")))
        return SiteStatus(
            plugin_version=clean(body["plugin_version"]),
            wordpress_version=clean(body.get("wordpress_version")),
            php_version=clean(body.get("php_version")),
            site_url=clean(body.get("site_url")),
            timezone=clean(body.get("timezone")) or _offset(body.get("gmt_offset")),
            transactions=bool(body.get("transactions")),
            seo_plugin=clean(body.get("seo_plugin")) or None,
        )

    def try_writing(self) -> None:
        request = Request(
            "POST",
            "/publish",
            headers={"Content-Type": "application/json"},
            body=json.dumps(SAMPLE).encode(),
        )
        answer = self._call(request)
        body = answer.json()
        if answer.status != BAD_REQUEST or not isinstance(body, dict):
            raise complain(answer, request)

    def structure(self) -> Any:
        request = Request("GET", "/structure")
        answer = self._call(request)
        body = answer.json()
        if answer.status == NOT_FOUND and isinstance(body, dict):
            self.status()  # complains where the whole plugin is missing
            raise BridgeTooOld(
                "the site's plugin igny8-wp-bridge does not tell the site's structure yet: "
                "update it to 1.5.0 or newer under Plugins"
            )
        if answer.status != OK or not isinstance(body, dict):
            raise complain(answer, request)
        return body

    def collection(self, name: str) -> Collection:
        body = self._call(Request("GET", "/status")).json()
        writes = body.get("can_write") if isinstance(body, dict) else None
        return collection_of(self._call, self.structure(), name, writes)

    def find_posts(self, keys: Sequence[str]) -> dict[str, RemotePost]:
        posts: list[Any] = []
        for start in range(0, len(keys), KEYS_PER_REQUEST):
            asked = ",".join(keys[start : start + KEYS_PER_REQUEST])
            posts += self._read(
                Request("GET", "/publications", params={"keys": asked}), "publications"
            )
        return {post.key: post for post in map(remote_post, posts) if post is not None}

    def post_states(self, posts: Mapping[str, str]) -> dict[str, Said]:
        ids, found = list(posts), dict[str, Said]()
        for start in range(0, len(ids), KEYS_PER_REQUEST):
            asked = ids[start : start + KEYS_PER_REQUEST]
            request = Request("GET", "/post-state", params={"post_ids": ",".join(asked)})
            answer = self._call(request)
            body = answer.json()
            if answer.status == NOT_FOUND and is_unknown_route(body):
                return said_of_publications(self.find_posts(list(posts.values())), posts)
            if answer.status != OK:
                raise complain(answer, request)
            found |= said_in(body, asked)
        return found

    def list_posts(self, after: str) -> Page:
        while True:
            try:
                return self._page(after)
            except TemporaryError as error:
                # Too slow or too large for one answer: from now on in smaller pieces.
                if error.code not in {"timeout", "broken"} or self.page_size <= SMALLEST_PAGE:
                    raise
                self.page_size = max(self.page_size // 4, SMALLEST_PAGE)

    def _page(self, after: str) -> Page:
        params = {"after": after, "limit": str(self.page_size)}
        request = Request("GET", "/publications", params=params)
        answer = self._call(request)
        body = answer.json()
        page = page_of(body) if answer.status == OK else None
        if page is None:
            raise complain(answer, request)
        if page.next is not None and page.next <= after:
            raise TemporaryError("the site's listing goes in circles", code="endless_listing")
        return page

    def find_media(self, hashes: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for start in range(0, len(hashes), HASHES_PER_REQUEST):
            asked = hashes[start : start + HASHES_PER_REQUEST]
            request = Request("GET", "/media", params={"hashes": ",".join(asked)})
            media = self._read(request, "media")
            found |= {
                str(each["hash"]): clean(each["media_url"])
                for each in media
                if each.get("hash") in asked and clean(each.get("media_url"))
            }
        return found

    def upload(self, upload: Upload) -> str:
        request = Request(
            "POST",
            "/media",
            subject=upload.hash,
            writes=True,
            params={"hash": upload.hash, "filename": upload.file_name, "alt": upload.alt},
            headers={"Content-Type": upload.media_type},
            body=upload.data,
        )
        body = self._write(request, "picture").json()
        address = clean(body.get("media_url")) if isinstance(body, dict) else ""
        if not address:
            raise UnclearOutcome("the site did not say where it put the image", code="not_json")
        return address

    def publish(self, payload: Mapping[str, Any]) -> RemotePost:
        request = Request(
            "POST",
            "/publish",
            subject=payload["publication_key"],
            writes=True,
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": payload["publication_key"],
                "X-IGNY8-Fence": str(payload["fence"]),
            },
            body=json.dumps(payload).encode(),
        )
        answer = self._write(request, "text")
        post = remote_post(answer.json())
        if post is None or not _is_ours(post, payload):
            # A maintenance page or a firewall's challenge, dressed as success.
            raise UnclearOutcome(
                f"the site answered {answer.status}, but not with our post",
                code="not_json" if post is None else "answer_mismatch",
                status_code=answer.status,
            )
        return post

    def _write(self, request: Request, what: str) -> Answer:
        try:
            answer = self._call(request)
            if answer.status not in {OK, CREATED}:
                raise complain(answer, request)
        except SiteError as error:
            raise explained(error, what, self.try_writing) from error
        return answer

    def _read(self, request: Request, name: str) -> list[Any]:
        answer = self._call(request)
        body = answer.json()
        found = body.get(name) if isinstance(body, dict) else None
        if answer.status != OK or not isinstance(found, list):
            raise complain(answer, request)
        return [entry for entry in found if isinstance(entry, dict)]

    def _call(self, request: Request) -> Answer:
        """Send; where pretty permalinks are off, by ``?rest_route=`` from then on."""
        answer = self._http.send(self._routed(request))
        if self._pretty and is_missing_route(answer):
            self._pretty = False
            again = self._http.send(self._routed(request))
            if is_missing_route(again):
                self._pretty = True
                raise _no_api(self._http.target.site_url, answer)
            return again
        return answer

    def _routed(self, request: Request) -> Request:
        path = rest_route(request)
        if self._pretty:
            url, params = f"/wp-json{path}", request.params
        else:
            url, params = "/", {"rest_route": path, **(request.params or {})}
        return Request(
            request.method,
            url,
            request.subject,
            request.writes,
            params,
            request.headers,
            request.body,
        )


def _no_api(site_url: str, answer: Answer) -> SiteError:
    location = clean(answer.headers.get("Location"))
    if location:
        return SiteError(
            f"{site_url} redirects to {location}: enter the final address of the site",
            code="redirected",
        )
    return BridgeMissing(
        f"{site_url} has no REST API at /wp-json/: it is not a WordPress, or a plugin blocks it",
        code="not_wordpress",
    )


def _refuse_old(version: str) -> None:
    try:
        too_old = Version(version) < OLDEST_BRIDGE
    except InvalidVersion:
        too_old = True
    if too_old:
        raise BridgeTooOld(
            f"the site's plugin igny8-wp-bridge is version {version or 'unknown'}; publishing "
            f"needs {OLDEST_BRIDGE} or newer: update it under Plugins"
        )


def _offset(hours: object) -> str:
    return f"UTC{hours:+g}" if isinstance(hours, int | float) else "UTC+0"


def _is_ours(post: RemotePost, payload: Mapping[str, Any]) -> bool:
    return (
        post.key == payload["publication_key"]
        and post.content_id == payload["content_id"]
        and post.external_id is not None
        and post.revision >= payload["revision"]
    )
