"""What became of one item of a batch, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.publication import PublicationState


@dataclass(frozen=True, slots=True)
class Shown:
    """A post of ours with another text than the accepted one."""

    external_id: str
    url: str
    status: str
    revision: int | None
    """None: of no text that our database knows."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One item that did not go through, and what was decided about it."""

    publication_id: int
    content_id: int
    account_id: int
    revision: int
    state: PublicationState
    delay: float
    attempts: int
    waits: int
    unclear: bool
    code: str
    reason: str
    untried: bool = False
    """Nothing of it was sent: what its last try showed still holds."""

    above: int = 0
    """The site's revision, where the accepted one must go above it (a restored backup)."""

    fence: int = 0
    """The site's fence, where ours must go above it."""

    shown: Shown | None = None
    """What the site was found to have of it all the same."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One item as the site shows it."""

    publication_id: int
    content_id: int
    account_id: int
    revision: int
    fingerprint: str
    external_id: str
    url: str
    status: str
    images: list[Any]
    asked_after: datetime
    """By the database's clock: before the site was asked."""

    modified_at: datetime | None = None
