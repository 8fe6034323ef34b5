"""What a site does with what reaches it, as the bridge does it; the oracle of the state machine."""

from dataclasses import dataclass

from pipeline.census import Known, Shown, compare
from pipeline.documents import wish_fingerprint
from pipeline.errors import (
    CredentialsRejected,
    PermanentError,
    RateLimited,
    SiteBusy,
    SiteUnreachable,
    StaleWrite,
    UnclearOutcome,
    still_open,
)
from platforms.base import RemotePost


@dataclass
class Post:
    content_id: int
    revision: int
    fence: int
    external_id: str
    fingerprint: str


# Whether the post is made, and the error that the sender sees.
ENDINGS = {
    "seen": (True, None),
    "answer lost": (True, UnclearOutcome("the answer was lost")),
    "not visible": (True, UnclearOutcome("the site does not show it", code="not_visible")),
    "nothing came": (False, UnclearOutcome("the connection broke")),
    "no connection": (False, SiteUnreachable("could not connect")),
    "told to wait": (False, RateLimited("wait", retry_after=5.0)),
    "busy": (False, SiteBusy("somebody else is at it")),
    "refused": (False, PermanentError("the title is empty", code="igny8_empty_title")),
    "key refused": (False, CredentialsRejected("the key is not accepted")),
    "key refused at the look": (True, still_open(CredentialsRejected("the key is not accepted"))),
}


class SiteOracle:
    """One post per key; a lower fence or an older revision changes nothing."""

    def __init__(self):
        self.posts = {}
        self.lost = {}
        """The revision of each key that it has lost, until it has that again."""

    def send(self, item, ending):
        """Return the error that the sender of ``item`` gets, or None when it is told of success."""
        wish = item.wish
        if item.unclear and self._has(wish.key, wish.revision):
            return None  # the look-up before: it is there already
        made, error = ENDINGS[ending]
        if not made:
            return error
        before = self.posts.get(wish.key)
        if before and (before.fence > wish.fence or before.revision > wish.revision):
            return StaleWrite("a newer one is there")
        self.posts[wish.key] = Post(
            item.content_id, wish.revision, wish.fence, str(item.id), wish.fingerprint
        )
        if wish.revision >= self.lost.get(wish.key, 0):
            self.lost.pop(wish.key, None)
        return error

    def lose(self, key):
        """As a restored backup does."""
        self.lost[key] = self.posts.pop(key).revision

    def show(self, key):
        post = self.posts[key]
        return RemotePost(
            key=key,
            content_id=post.content_id,
            revision=post.revision,
            fence=post.fence,
            finished=True,
            external_id=post.external_id,
            url=f"https://site.example/?p={post.external_id}",
            status="publish",
            fingerprint=post.fingerprint,
        )

    def compare(self, rows):
        """Return what a census of these rows finds, and the posts that it has seen."""
        known = []
        for row in map(dict, rows):
            wish = wish_fingerprint(row.pop("document_fingerprint"), row.pop("post_status"))
            known.append(Known(**row, fingerprint=wish))
        seen = {row.key: self.show(row.key) for row in known if row.key in self.posts}
        return compare(known, map(_listed, seen.values())), seen

    def _has(self, key, revision):
        return key in self.posts and self.posts[key].revision >= revision


def _listed(post):
    return Shown(
        key=post.key,
        revision=post.revision,
        finished=post.finished,
        external_id=post.external_id,
        status=post.status,
        content_id=post.content_id,
        fingerprint=post.fingerprint,
    )
