"""A batch of webhooks as its links see it: each message read, and matched with its publication."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models import InboxMessage, InboxState, Integration, Publication
from models.inbox.batches import load_messages
from models.inbox.events import Ended
from models.inbox.matching import Names, find_candidates
from pipeline.matching import Name, NotOurs, Place, find_publication
from pipeline.settling import Known, mark_from
from pipeline.site_urls import BadSiteUrl, normalise_site_url
from pipeline.webhook_bodies import ACTIONS, BodyRefused, Door, Mark, News, read_news, same_origin

SYNC_IS_OFF = "the integration's sync is switched off: nothing that the site tells is applied"
UNKNOWN_ACTION = f"its action is none of {', '.join(ACTIONS)}, with or without post_ before it"


@dataclass(frozen=True, slots=True)
class Entry:
    """A message that is about a publication of ours."""

    message: InboxMessage
    news: News
    publication: Publication


@dataclass(frozen=True, slots=True)
class InboxBatch:
    id: int
    integration: Integration
    entries: tuple[Entry, ...]
    ended: tuple[Ended, ...]
    """What came to its end by being read."""

    @property
    def site_id(self) -> int:
        return self.integration.site_id

    @property
    def addresses(self) -> list[str]:
        return addresses_of(self.integration)


def read_batch(session: Session, batch_id: int, *, lock: bool = False) -> InboxBatch | None:
    """Return what of the batch is still ours, or None; ``lock`` as in `load_messages`."""
    rows = load_messages(session, batch_id, lock=lock)
    if rows is None:
        return None
    ended: list[Ended] = []
    read: list[tuple[InboxMessage, News]] = []
    for message in rows.messages:
        try:
            read.append((message, _read(message, rows.integration)))
        except BodyRefused as error:
            ended.append(Ended(message, InboxState.DEAD, str(error)))
    wanted: list[tuple[InboxMessage, News]] = []
    for message, news in read:
        if reason := _unwanted(news, sync=rows.integration.sync_enabled):
            ended.append(_ended(message, news, InboxState.IGNORED, reason))
        else:
            wanted.append((message, news))
    entries = _match(session, rows.integration, wanted, ended)
    return InboxBatch(batch_id, rows.integration, tuple(entries), tuple(ended))


def _unwanted(news: News, *, sync: bool) -> str | None:
    """Return why a message changes nothing, whatever it is about; None: it may."""
    if not sync:
        return SYNC_IS_OFF
    return UNKNOWN_ACTION if news.about is None else None


def _ended(message: InboxMessage, news: News, state: InboxState, reason: str) -> Ended:
    return Ended(
        message,
        state,
        reason,
        external_id=news.post_id,
        content_type=news.post_type,
        about=news.about and news.about.value,
    )


def _read(message: InboxMessage, integration: Integration) -> News:
    news = read_news(Door(message.door), message.body, message.received_at)
    if news.shown.url and not same_origin(news.shown.url, addresses_of(integration)):
        return replace(news, shown=replace(news.shown, url=None))
    return news


def _match(
    session: Session,
    integration: Integration,
    read: list[tuple[InboxMessage, News]],
    ended: list[Ended],
) -> list[Entry]:
    candidates = find_candidates(
        session, integration.id, integration.site_id, _names([news for _, news in read])
    )
    publications = {row.id: row for row in candidates.publications}
    place = Place(
        addresses_of(integration),
        [Name(p.id, p.key, p.content_id, p.external_id) for p in candidates.publications],
        candidates.own_contents,
    )
    entries = []
    for message, news in read:
        try:
            found = publications[find_publication(news, place)]
            entries.append(Entry(message, news, found))
        except NotOurs as error:
            state = InboxState.REJECTED if error.wrong else InboxState.IGNORED
            ended.append(_ended(message, news, state, str(error)))
    return entries


def _names(read: list[News]) -> Names:
    alone = {news.post_id for news in read if news.key is None and news.content_id is None}
    return Names(
        frozenset(news.key for news in read if news.key),
        frozenset(news.content_id for news in read if news.content_id is not None),
        frozenset(alone),
    )


def addresses_of(integration: Integration) -> list[str]:
    """Return the address of a site, normalised: the old one of a site that moved is a copy's."""
    try:
        return [normalise_site_url(integration.site_url)]
    except BadSiteUrl:
        return []


def known_of(publication: Publication) -> Known:
    """Return what is known of a publication's post, as values."""
    kept: Mapping[str, Any] = publication.remote_metadata or {}
    mark = kept.get("mark") or {}
    facts = {name: kept[name] for name in METADATA if name in kept}
    return Known(
        key=publication.key,
        state=publication.state,
        revision=publication.revision,
        external_id=publication.external_id,
        status=publication.external_status,
        url=publication.external_url,
        title=kept.get("title"),
        metadata=facts or None,
        status_mark=Mark(publication.remote_modified_at, publication.remote_sequence),
        metadata_mark=mark_from(mark.get("modified"), mark.get("sequence")),
    )


METADATA = ("categories", "tags", "author", "modified")


def write_known(publication: Publication, known: Known, present: datetime) -> None:
    """Write down what is known now; ``present`` by the database's clock. Its row is locked."""
    publication.external_id = known.external_id
    publication.external_status, publication.external_url = known.status, known.url
    publication.remote_modified_at = known.status_mark.modified
    publication.remote_sequence = known.status_mark.sequence
    publication.remote_seen_at = present
    mark = known.metadata_mark
    publication.remote_metadata = {
        **(known.metadata or {}),
        "title": known.title,
        "mark": {
            "modified": mark.modified.isoformat() if mark.modified else None,
            "sequence": mark.sequence,
        },
    }
