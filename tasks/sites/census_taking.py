"""Taking a site's census: our rows first, then all that the site lists, then a second look."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import platforms
from models import Integration
from models.publishing.outcomes import add_attempts
from models.session import session_scope
from models.sites.care import Place
from models.sites.census import census_rows, claim_census, end_census, keys_of_ours
from pipeline.census import Finding, Kind, Known, Repair, Shown, compare, hold_back
from pipeline.documents import wish_fingerprint
from pipeline.errors import PublishError
from platforms.base import ListedPost, Platform, RemotePost, Target
from tasks.sites.census_repairs import record_findings


@dataclass(frozen=True, slots=True)
class Subject:
    """A site and its rows, as plain values: no transaction is open while it thinks."""

    place: Place
    target: Target
    rows: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class Census:
    """What one census showed."""

    rows: int = 0
    listed: int = 0
    findings: tuple[Finding, ...] = field(default_factory=tuple)
    told: int = 0
    """How many of them are new."""

    error: PublishError | None = None
    """Why it did not come to its end; then nothing was concluded."""

    @property
    def queued(self) -> bool:
        """Whether something waits to be sent again."""
        return any(finding.repair is Repair.REPUBLISH for finding in self.findings)

    @property
    def held(self) -> bool:
        """Whether so much is lost that a person must say what is to be done."""
        return any(finding.kind is Kind.MANY_LOST for finding in self.findings)


def take_census(
    integration_id: int, *, forced: bool = False, approved: bool = False
) -> Census | None:
    """Compare a site with our rows, both ways, and repair; None when it is not due.

    A repair is written only where the row is as it was before the site was asked; and when much
    is lost at once, only if a person has ``approved``.
    """
    with session_scope() as session:
        claimed = claim_census(session, integration_id, forced=forced)
    if claimed is None:
        return None
    try:
        subject = _read(integration_id)
        census = _take(subject, approved=approved)
    except PublishError as error:
        return Census(error=error)
    with session_scope() as session:
        end_census(session, integration_id, claimed)
    return census


def _read(integration_id: int) -> Subject:
    with session_scope(read_only=True) as session:
        integration = session.get_one(Integration, integration_id)
        return Subject(
            Place(integration.account_id, integration.site_id, integration_id),
            platforms.target_of(integration),
            tuple(map(_known, census_rows(session, integration_id))),
        )


def _known(row: dict[str, Any]) -> Known:
    wish = wish_fingerprint(row.pop("document_fingerprint"), row.pop("post_status"))
    return Known(**row, fingerprint=wish)


def _take(subject: Subject, *, approved: bool) -> Census:
    platform = platforms.connect(subject.target)
    try:
        listing = [_shown(listed) for listed in _listed(platform)]
        found = _without_newcomers(compare(subject.rows, listing), subject)
        seen = platform.find_posts([each.key for each in found if each.repair in SECOND_LOOKS])
    finally:
        _record_failed_reads(platform, subject.target.integration_id)
    borne_out = [finding for finding in found if _is_borne_out(finding, seen)]
    if not approved:
        borne_out = hold_back(subject.rows, borne_out, subject.place.site_id)
    kept, told = record_findings(subject.place, borne_out, seen)
    return Census(len(subject.rows), len(listing), tuple(kept), told)


def _listed(platform: Platform) -> Iterable[ListedPost]:
    after: str | None = ""
    while after is not None:
        page = platform.list_posts(after)
        yield from page.posts
        after = page.next


def _shown(listed: ListedPost) -> Shown:
    post = listed.post
    return Shown(
        key=post.key,
        revision=post.revision,
        finished=post.finished,
        external_id=post.external_id,
        status=post.status,
        content_id=post.content_id,
        fingerprint=post.fingerprint,
        carriers=listed.carriers,
        carrier_ids=listed.carrier_ids,
        worked_on_for=listed.worked_on_for,
    )


def _without_newcomers(found: list[Finding], subject: Subject) -> list[Finding]:
    """Leave out what was accepted and published here while the site was being read."""
    foreign = [finding.key for finding in found if finding.row is None]
    with session_scope(read_only=True) as session:
        ours = keys_of_ours(session, subject.target.integration_id, foreign)
    return [finding for finding in found if finding.row is not None or finding.key not in ours]


SECOND_LOOKS = frozenset({Repair.REPUBLISH, Repair.CORRECT, Repair.NOTE_STATUS})


def _is_borne_out(finding: Finding, seen: Mapping[str, RemotePost]) -> bool:
    """Whether a question for the key alone is answered as the listing was.

    Nothing is sent again, and nothing called published or removed, on the word of the listing
    only, which may be minutes old.
    """
    post = seen.get(finding.key)
    if finding.repair is Repair.REPUBLISH:
        published = finding.row.published_revision if finding.row else None
        return post is None or (
            finding.kind is Kind.BEHIND and post.finished and post.revision < (published or 1)
        )
    return finding.repair not in SECOND_LOOKS or _is_still_shown(finding.shown, post)


def _is_still_shown(shown: Shown | None, post: RemotePost | None) -> bool:
    if shown is None or post is None:
        return shown is None and post is None
    return (post.finished, post.revision, post.external_id, post.status) == (
        shown.finished,
        shown.revision,
        shown.external_id,
        shown.status,
    )


def _record_failed_reads(platform: Platform, integration_id: int) -> None:
    """Keep every look that failed."""
    rows = [
        {
            "integration_id": integration_id,
            "method": exchange.method,
            "path": exchange.path,
            "status_code": exchange.status_code,
            "error": exchange.error,
            "duration_ms": exchange.duration_ms,
        }
        for exchange in platform.exchanges
        if exchange.error is not None
    ]
    if rows:
        with session_scope() as session:
            add_attempts(session, rows)
