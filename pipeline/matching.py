"""Which publication a webhook is about, or why it is about none of ours (C37)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pipeline.webhook_bodies import News, is_of_site


@dataclass(frozen=True, slots=True)
class Name:
    """By what a publication is recognised."""

    publication_id: int
    key: str
    content_id: int
    external_id: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """The site whose key came with the webhook: its addresses, and what is its own."""

    addresses: Collection[str]
    names: Iterable[Name]
    contents: Collection[int]
    """Of those that are named, the site's own."""


class NotOurs(Exception):
    """The webhook is about nothing of this site's; ``wrong``: and should never have come."""

    def __init__(self, reason: str, *, wrong: bool = False) -> None:
        super().__init__(reason)
        self.wrong = wrong


def find_publication(news: News, place: Place) -> int:
    """Return the id of the publication that a webhook means.

    Raises:
        NotOurs: it names another site or its content, or a post that we never made.
    """
    if not is_of_site(news.site_url, place.addresses):
        raise NotOurs("site: it names another site than its key's", wrong=True)
    by_key = {name.key: name for name in place.names}
    if (found := by_key.get(news.key or "")) is not None:
        if news.content_id not in {None, found.content_id}:
            raise NotOurs("content: the content is not that of the publication key", wrong=True)
        return found.publication_id
    if news.content_id is not None:
        return _by_content(news, place)
    for name in place.names:
        if name.external_id == news.post_id and news.key is None:
            return name.publication_id
    raise NotOurs("the post is none that we made")


def _by_content(news: News, place: Place) -> int:
    if news.content_id not in place.contents:
        raise NotOurs("content: there is no such content of this site", wrong=True)
    for name in place.names:
        if name.content_id == news.content_id and news.key is None:
            return name.publication_id
    raise NotOurs("the content was never published here under that key")
