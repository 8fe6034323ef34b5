"""How a site's posts are now, read from the bridge's `GET /post-state` or from its publications."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from pipeline.settling import Said
from pipeline.webhook_bodies import (
    KEY,
    LONGEST_STATUS,
    Mark,
    Shown,
    count,
    gmt,
    metadata_of,
    plain,
    text_url,
    title_of,
)
from platforms.base import RemotePost


def is_unknown_route(body: Any) -> bool:
    """Whether WordPress says that the plugin has no such route: before 1.5.0 it had none."""
    return isinstance(body, dict) and body.get("code") == "rest_no_route"


def said_in(body: Any, asked: Collection[str]) -> dict[str, Said]:
    """Return what an answer says of the posts that were asked for, and is whole."""
    listed = body.get("posts") if isinstance(body, dict) else None
    entries = [entry for entry in listed if isinstance(entry, dict)] if listed else []
    present = datetime.now(UTC)
    found = {str(entry.get("post_id")): _said(entry, present) for entry in entries}
    return {id_: said for id_, said in found.items() if id_ in asked and said is not None}


def _said(entry: Mapping[str, Any], present: datetime) -> Said | None:
    status = plain(entry.get("post_status"), LONGEST_STATUS)
    if not status:
        return None
    key = entry.get("publication_key")
    return Said(
        shown=Shown(
            status,
            text_url(entry.get("post_url")),
            title_of(entry) or None,
            metadata_of(entry) if entry.get("author") else None,
        ),
        mark=Mark(gmt(entry.get("modified_gmt"), present), count(entry.get("sequence")) or None),
        key=key if isinstance(key, str) and KEY.fullmatch(key) else None,
    )


def said_of_publications(
    found: Mapping[str, RemotePost], posts: Mapping[str, str]
) -> dict[str, Said]:
    """Return the same from the publications of a plugin that has no more to tell."""
    return {
        id_: Said(Shown(post.status, post.url), Mark(post.modified_at), key)
        for id_, key in posts.items()
        if (post := found.get(key)) is not None and post.external_id == id_ and post.finished
    }
