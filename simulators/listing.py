"""GET /publications?after=K&limit=N: every publication of the site, a page at a time."""

import math
import re
import time
from itertools import islice

from simulators.messages import Answer, Json, Request, invalid_parameter, json_answer
from simulators.store import DONE, IN_PROGRESS, Publication, Store

MOST, USUAL, MOST_POST_IDS = 200, "100", 20
KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_listing(request: Request) -> bool:
    return bool({"after", "limit"} & set(request.query))


def list_publications(store: Store, request: Request) -> Answer:
    """Answer with one page; raises Refused for what is no cursor or no limit."""
    after = request.query.get("after", "").lower()
    if after and not KEY.fullmatch(after):
        raise invalid_parameter("after", "a publication key")
    limit = request.query.get("limit", USUAL)
    if not re.fullmatch(r"[1-9][0-9]{0,2}", limit, re.ASCII) or int(limit) > MOST:
        raise invalid_parameter("limit", f"an integer from 1 to {MOST}")
    with store.lock:
        carriers: dict[str, list[int]] = {}
        for post in store.posts.values():
            if KEY.fullmatch(post.publication_key):
                carriers.setdefault(post.publication_key, []).append(post.id)
        known = sorted(key for key in {*carriers, *store.publications} if key > after)
        keys = list(islice(known, int(limit)))
        listed = [_describe(store, key, sorted(carriers.get(key, []))) for key in keys]
    return json_answer(
        {"publications": listed, "next": keys[-1] if len(known) > len(keys) else None}
    )


def _describe(store: Store, key: str, post_ids: list[int]) -> Json:
    row = store.publications.get(key) or adopted(key, 0, post_ids[0])
    works = row.state == IN_PROGRESS and not math.isinf(row.reserved_at)
    return store.describe(row) | {
        "posts": len(post_ids),
        "post_ids": post_ids[:MOST_POST_IDS],
        "in_progress_seconds": int(time.monotonic() - row.reserved_at) if works else None,
    }


def adopted(key: str, content_id: int, post_id: int) -> Publication:
    """Return the row of a key that only a post carries: older than any that is sent."""
    return Publication(key, content_id, 0, 0, "", post_id, DONE, completed=True)
