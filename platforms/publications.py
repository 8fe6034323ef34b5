"""What a site's answers say of publications, checked: nothing is believed that is half there."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pipeline.webhook_bodies import gmt
from platforms.answers import clean
from platforms.base import ListedPost, Page, RemotePost

LARGEST_POST_ID = 2**63
"""What our columns hold."""

LARGEST_COUNT = 2**30
"""Half of what our columns hold: what we send next goes above a site's revision and fence."""

KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

LONGEST_FINGERPRINT = 64

STATUS_LIMIT = 100
"""Characters; WordPress itself keeps twenty of a status."""


def remote_post(body: Any) -> RemotePost | None:
    """Return the publication in an answer, or None when it is not one."""
    try:
        return RemotePost(
            key=str(body["publication_key"]),
            content_id=_count(body["content_id"]),
            revision=_count(body["revision"]),
            fence=_count(body["fence"]),
            finished=body["state"] == "done",
            external_id=_post_id(body["post_id"]),
            url=clean(body.get("post_url")) or None,
            status=clean(body.get("post_status"), STATUS_LIMIT),
            images=tuple(_image_result(each) for each in body.get("images") or () if each),
            fingerprint=clean(body.get("fingerprint"), LONGEST_FINGERPRINT),
            modified_at=gmt(body.get("modified_gmt"), datetime.now(UTC)),
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        return None


def page_of(body: Any) -> Page | None:
    """Return the page in an answer, or None: of a listing that is not whole nothing is believed.

    An end that is not said in so many words would make every key after it look lost.
    """
    try:
        entries, following = body["publications"], body["next"]
        if not isinstance(entries, list) or not (following is None or _is_key(following)):
            return None
        return Page(tuple(map(_listed_post, entries)), following)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _listed_post(entry: Any) -> ListedPost:
    post = remote_post(entry)
    if post is None:
        raise ValueError
    seconds = entry["in_progress_seconds"]
    return ListedPost(
        post=post,
        carriers=_count(entry["posts"]),
        carrier_ids=tuple(filter(None, map(_post_id, entry["post_ids"]))),
        worked_on_for=None if seconds is None else _count(seconds),
    )


def _is_key(value: object) -> bool:
    return isinstance(value, str) and KEY.fullmatch(value) is not None


def _count(value: Any) -> int:
    count = int(value)
    if not 0 <= count < LARGEST_COUNT:
        raise ValueError(f"{count} is no count of ours")
    return count


def _post_id(value: object) -> str | None:
    # bool is an int, and 1e30 is none.
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return str(value) if 0 < value < LARGEST_POST_ID else None


def _image_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the texts and numbers of what the site says of one image."""
    return {
        clean(name, STATUS_LIMIT): clean(value) if isinstance(value, str) else value
        for name, value in result.items()
        if value is None or isinstance(value, str | bool | int)
    }
