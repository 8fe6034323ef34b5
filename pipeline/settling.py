"""What a webhook means for what we know of a post: newer, older, our own echo, or ask the site.

Messages come late, twice and in any order. One is believed as it is only where it is newer by the
site's clock *and* by the plugin's count; older by both says nothing; everything else, such as two
changes in one second, is settled by asking the site what is so now.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from models import PublicationState
from pipeline.statuses import GONE
from pipeline.webhook_bodies import Door, Mark, News, Shown

PARK_SECONDS, MOST_PARKS = 30.0, 10

ON_THE_WAY = frozenset(
    {PublicationState.QUEUED, PublicationState.PUBLISHING, PublicationState.UNCONFIRMED}
)


class Verdict(enum.Enum):
    APPLY = "apply"
    ASK = "ask"
    PARK = "park"
    ECHO = "echo"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A post as the site shows it, when asked."""

    shown: Shown
    mark: Mark
    key: str | None
    """The publication key that the post carries."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values, for the message's row."""
        shown, modified = self.shown, self.mark.modified
        return {
            "status": shown.status,
            "url": shown.url,
            "title": shown.title,
            "metadata": None if shown.metadata is None else dict(shown.metadata),
            "modified": modified.isoformat() if modified else None,
            "sequence": self.mark.sequence,
            "key": self.key,
        }

    def without_url(self) -> "Said":
        return replace(self, shown=replace(self.shown, url=None))

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Said":
        return cls(
            Shown(row["status"], row["url"], row["title"], row["metadata"]),
            mark_from(row["modified"], row["sequence"]),
            row["key"],
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What we know of a publication's post."""

    key: str
    state: PublicationState
    revision: int
    external_id: str | None
    status: str | None
    url: str | None
    title: str | None
    metadata: Mapping[str, Any] | None
    status_mark: Mark
    metadata_mark: Mark
    """Status and metadata come as messages of their own: each is as old as its own last one."""


def mark_from(modified: str | None, sequence: int | None) -> Mark:
    return Mark(datetime.fromisoformat(modified) if modified else None, sequence)


def judge(news: News, known: Known, parks: int) -> Judgement:
    """Return what to do with a message that is about ``known``, and why, where it is not plain."""
    if known.external_id not in {None, news.post_id}:
        words = f"the post is {known.external_id}; this one is a copy, or was before it"
        return Judgement(Verdict.IGNORE, words)
    if news.by_us and (news.revision or 0) <= known.revision:
        return Judgement(Verdict.ECHO)
    waits = known.external_id is None and known.state in ON_THE_WAY
    if waits and parks < MOST_PARKS:
        return Judgement(Verdict.PARK, "our own publish of it is still on its way")
    return _by_time(news, known)


def _by_time(news: News, known: Known) -> Judgement:
    mark = known.metadata_mark if news.door is Door.METADATA else known.status_mark
    risen = known.status == GONE and news.shown.status != GONE
    if news.door is Door.GENERIC or risen or not (_whole(news.mark) and _whole(mark)):
        return Judgement(Verdict.ASK)
    if _newer(news.mark, mark):
        return Judgement(Verdict.APPLY)
    if news.mark == mark or _newer(mark, news.mark):
        return Judgement(Verdict.IGNORE, "older than what is known, or the same")
    return Judgement(Verdict.ASK)


def _whole(mark: Mark) -> bool:
    return mark.modified is not None and mark.sequence is not None


def _newer(one: Mark, other: Mark) -> bool:
    """Whether it is newer by the clock and by the count; both have both."""
    if one.modified is None or other.modified is None:
        return False
    return one.modified > other.modified and (one.sequence or 0) > (other.sequence or 0)


def is_ours(said: Said, known: Known) -> bool:
    """Whether the site means our post; of one that is gone it may have lost the key as well."""
    if said.key is None:
        return said.shown.status == GONE and known.external_id is not None
    return said.key == known.key


def is_yesterdays(said: Said, known: Known) -> bool:
    """Whether something newer was written down since the site was asked."""
    then, now = said.mark.modified, known.status_mark.modified
    return then is not None and now is not None and then < now


def after_news(known: Known, news: News) -> Known:
    """Return what is known once a message is believed as it is."""
    changed = _with(known, news.shown, news.post_id)
    if news.door is Door.METADATA:
        return replace(changed, metadata_mark=news.mark)
    return replace(changed, status_mark=news.mark)


def after_said(known: Known, news: News, said: Said) -> Known:
    """Return what is known once the site was asked about a message."""
    modified = said.mark.modified or known.status_mark.modified
    counted = said.mark.sequence
    if counted is None:  # a plugin that does not count, or a post that is gone
        counted = _most(known.status_mark.sequence, news.mark.sequence)
    mark = Mark(modified, counted)
    changed = replace(_with(known, said.shown, news.post_id), status_mark=mark)
    return changed if said.shown.metadata is None else replace(changed, metadata_mark=mark)


def after_echo(known: Known, news: News) -> Known:
    """Return what is known after our own write came back: how far the site has counted.

    Its status is written too where nothing newer is known: an older message, which came after
    our publish was confirmed, may have been believed in between.
    """
    mark = known.status_mark
    latest = _latest(mark.modified, news.mark.modified)
    noted = replace(known, status_mark=Mark(latest, _most(mark.sequence, news.mark.sequence)))
    is_last = noted.status_mark == news.mark and known.status != GONE
    return _with(noted, news.shown, known.external_id) if is_last else noted


def _with(known: Known, shown: Shown, post_id: str | None) -> Known:
    return replace(
        known,
        external_id=known.external_id or post_id,
        status=shown.status or known.status,
        url=shown.url or known.url,
        title=shown.title or known.title,
        metadata=known.metadata if shown.metadata is None else shown.metadata,
    )


def _most(one: int | None, other: int | None) -> int | None:
    return max((n for n in (one, other) if n is not None), default=None)


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((t for t in (one, other) if t is not None), default=None)
