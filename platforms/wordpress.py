"""WordPress through the bridge plugin: docs/bridge-protocol.md."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from packaging.version import InvalidVersion, Version

from pipeline.errors import BridgeMissing, BridgeTooOld, SiteError, UnclearOutcome
from platforms.answers import complain, is_missing_route
from platforms.base import Exchange, RemotePost, SiteStatus, Target, Upload
from platforms.http import Answer, Request, SiteHttp

OLDEST_BRIDGE = Version("1.4.0")
"""The first that reserves the publication key; older ones could make a second post (C40)."""

OK, CREATED = 200, 201
HASHES_PER_REQUEST = 50
"""64 letters each: common servers refuse an address of 8 kB."""


class WordPressBridge:
    """Speaks to one WordPress site; every method raises PublishError and nothing else."""

    def __init__(self, target: Target) -> None:
        self._http = SiteHttp(target)
        self._pretty = True

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
            plugin_version=str(body["plugin_version"]),
            wordpress_version=str(body.get("wordpress_version", "")),
            php_version=str(body.get("php_version", "")),
            site_url=str(body.get("site_url", "")),
            timezone=str(body.get("timezone") or f"UTC{float(body.get('gmt_offset') or 0):+g}"),
            transactions=bool(body.get("transactions")),
            seo_plugin=body.get("seo_plugin"),
        )

    def find_posts(self, keys: Sequence[str]) -> dict[str, RemotePost]:
        if not keys:
            return {}
        request = Request("GET", "/publications", params={"keys": ",".join(keys)})
        posts = self._read(request, "publications")
        return {post.key: post for post in map(_remote_post, posts) if post is not None}

    def find_media(self, hashes: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for start in range(0, len(hashes), HASHES_PER_REQUEST):
            asked = ",".join(hashes[start : start + HASHES_PER_REQUEST])
            media = self._read(Request("GET", "/media", params={"hashes": asked}), "media")
            found |= {str(each["hash"]): str(each["media_url"]) for each in media}
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
        answer = self._call(request)
        body = answer.json()
        if answer.status not in {OK, CREATED}:
            raise complain(answer, request)
        if not isinstance(body, dict) or not body.get("media_url"):
            raise UnclearOutcome("the site did not say where it put the image", code="not_json")
        return str(body["media_url"])

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
        answer = self._call(request)
        if answer.status not in {OK, CREATED}:
            raise complain(answer, request)
        post = _remote_post(answer.json())
        if post is None or not _is_ours(post, payload):
            # A maintenance page or a firewall's challenge, dressed as success.
            raise UnclearOutcome(
                f"the site answered {answer.status}, but not with our post",
                code="not_json" if post is None else "answer_mismatch",
                status_code=answer.status,
            )
        return post

    def _read(self, request: Request, name: str) -> list[Any]:
        answer = self._call(request)
        body = answer.json()
        if answer.status != OK or not isinstance(body, dict) or name not in body:
            raise complain(answer, request)
        return [entry for entry in body[name] if isinstance(entry, dict)]

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
        path = f"/igny8/v1{request.path}"
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
    location = answer.headers.get("Location")
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


def _is_ours(post: RemotePost, payload: Mapping[str, Any]) -> bool:
    return (
        post.key == payload["publication_key"]
        and post.content_id == payload["content_id"]
        and post.external_id is not None
        and post.revision >= payload["revision"]
    )


def _remote_post(body: Any) -> RemotePost | None:
    """Return the publication in an answer, or None when it is not one."""
    try:
        post_id = body["post_id"]
        return RemotePost(
            key=str(body["publication_key"]),
            content_id=int(body["content_id"]),
            revision=int(body["revision"]),
            fence=int(body["fence"]),
            finished=body["state"] == "done",
            external_id=str(post_id) if isinstance(post_id, int) and post_id > 0 else None,
            url=body.get("post_url"),
            status=str(body.get("post_status") or ""),
            images=tuple(body.get("images") or ()),
        )
    except (KeyError, TypeError, ValueError):
        return None
