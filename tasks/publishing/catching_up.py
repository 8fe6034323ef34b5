"""A site that knows more than our database: one that was restored from an older backup."""

from pipeline.errors import SiteAhead
from platforms.base import RemotePost
from tasks.publishing.batch import Item


def is_ahead(item: Item, post: RemotePost) -> bool:
    """Whether the site has a revision that we never gave out, or ours with another text."""
    same = post.revision == item.wish.revision
    other = post.fingerprint not in {"", item.wish.fingerprint}
    return post.revision > item.wish.revision or (same and other)


def is_refused(item: Item, post: RemotePost) -> bool:
    """Whether the site would take what we send for that of a worker that lost its lease."""
    return post.fence > item.wish.fence


def ahead(post: RemotePost) -> SiteAhead:
    """Return what to do about it: the accepted text goes above what the site has."""
    return SiteAhead(
        f"the site has revision {post.revision} of this, which our database does not know: it was "
        "restored from a backup, or another engine with a copy of it publishes here",
        revision=post.revision,
        fence=post.fence,
    )


def behind_fence(post: RemotePost) -> SiteAhead:
    """Return what to do where the site has seen a later claim, and nothing newer."""
    return SiteAhead(
        f"the site has seen claim {post.fence} of this, which our database does not know",
        fence=post.fence,
    )
