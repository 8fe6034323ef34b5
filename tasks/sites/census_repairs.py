"""Writing down what a census found: each repair under the row's fence, each event once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import EventStatus, PublicationState, SyncEvent
from models.clock import now
from models.session import session_scope
from models.sites.care import Place
from models.sites.census import accepted_wish, change_row, forget_findings, keep_finding
from pipeline.census import ALARMING, Finding, Kind, Known, Repair
from pipeline.documents import wish_fingerprint
from platforms.base import RemotePost

AT_ONCE = 100
"""Findings in one transaction: other writers wait no longer than for that."""

EVENTS_OF_A_KIND = 100
"""More would bury the rest: the copy of a site has as many strange keys as posts."""

STATUSES = {
    Repair.REPUBLISH: EventStatus.PENDING,
    Repair.HELD: EventStatus.SKIPPED,
    Repair.CORRECT: EventStatus.SUCCESS,
    Repair.NOTE_STATUS: EventStatus.SKIPPED,
    Repair.REPORT: EventStatus.SKIPPED,
}

SEEN = (
    "state",
    "fence",
    "revision",
    "published_revision",
    "unclear",
    "external_id",
    "external_status",
)
"""What must still be as it was before the site was asked."""

BEGUN_ANEW = {"attempts": 0, "waits": 0, "rescues": 0, "publish_until": None}
"""What a row used up on its way, and the window of its slot: a repair waits for no other one."""


def record_findings(
    place: Place, findings: Sequence[Finding], posts: Mapping[str, RemotePost]
) -> tuple[list[Finding], int]:
    """Repair and tell; return the findings that still held, and how many of them are new."""
    kept: list[Finding] = []
    news: Counter[Kind] = Counter()
    for start in range(0, len(findings), AT_ONCE):
        with session_scope() as session:
            for finding in findings[start : start + AT_ONCE]:
                if not _repair(session, finding, posts.get(finding.key)):
                    continue  # it moved on while the site was read: nothing is concluded
                kept.append(finding)
                if _is_new(session, place, finding):
                    news[finding.kind] += 1
                    if news[finding.kind] <= EVENTS_OF_A_KIND:
                        _tell(session, _event(place, finding))
    with session_scope() as session:
        for kind, count in news.items():
            if count > EVENTS_OF_A_KIND:
                _tell(session, _summary(place, kind, count - EVENTS_OF_A_KIND))
        still = {(finding.key, finding.kind.value) for finding in kept}
        forget_findings(session, place.integration_id, still)
    return kept, news.total()


def _repair(session: Session, finding: Finding, post: RemotePost | None) -> bool:
    """Carry a repair out; False when the row is not any more what it was."""
    row = finding.row
    if row is None or finding.repair in {Repair.REPORT, Repair.HELD}:
        return True
    values: dict[str, Any] = {"external_status": finding.shown.status if finding.shown else None}
    if finding.repair is Repair.NOTE_STATUS:
        values = {"external_status": values["external_status"] or row.external_status}
    elif finding.repair is Repair.REPUBLISH:
        values |= BEGUN_ANEW | {
            "state": PublicationState.QUEUED,
            "due_at": now(),
            "published_revision": (finding.shown.revision if finding.shown else 0) or None,
        }
    elif post is not None:
        values |= {"external_id": post.external_id, "external_url": post.url}
        if finding.kind is Kind.REACHED:
            values |= _published(session, row, post)
        elif finding.kind is Kind.OLDER:
            values["published_revision"] = post.revision
    seen = {name: value for name, value in asdict(row).items() if name in SEEN}
    return change_row(session, row.id, seen, values)


def _published(session: Session, row: Known, post: RemotePost) -> dict[str, Any]:
    """Return what a confirmed publish writes."""
    return BEGUN_ANEW | {
        "state": PublicationState.PUBLISHED,
        "published_revision": post.revision,
        "published_at": now(),
        "fingerprint": wish_fingerprint(*accepted_wish(session, row.id)),
        "image_results": list(map(dict, post.images)),
        "due_at": now(),
        "unclear": False,
        "restore": False,
        "failure": None,
        "failure_code": None,
    }


def _is_new(session: Session, place: Place, finding: Finding) -> bool:
    return keep_finding(
        session, place.integration_id, finding.key, finding.kind.value, finding.mark
    )


def _tell(session: Session, values: Mapping[str, Any]) -> None:
    session.execute(sa.insert(SyncEvent).values(**values))


def _event(place: Place, finding: Finding) -> dict[str, Any]:
    alarming, row, shown = finding.kind in ALARMING, finding.row, finding.shown
    return {
        **asdict(place),
        "event_type": "conflict",
        "action": f"census_{finding.kind}",
        "status": EventStatus.FAILED if alarming else STATUSES[finding.repair],
        "direction": None,
        "description": finding.words,
        "content_id": row.content_id if row else None,
        "external_id": shown.external_id if shown else row and row.external_id,
        "error_message": finding.words if alarming else None,
        "details": {
            "kind": finding.kind.value,
            "repair": finding.repair.value,
            "publication_key": finding.key or None,
            "site_revision": shown.revision if shown else None,
            "revision": row.published_revision if row else None,
            "post_ids": list(shown.carrier_ids) if shown else [],
        },
    }


def _summary(place: Place, kind: Kind, count: int) -> dict[str, Any]:
    return {
        **asdict(place),
        "event_type": "conflict",
        "action": f"census_{kind}",
        "status": EventStatus.SKIPPED,
        "direction": None,
        "description": f"{count} more of the kind {kind}; `igny8 census` lists them all",
        "details": {"kind": kind.value, "more": count},
    }
