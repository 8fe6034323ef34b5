"""The census of a site: what we believe it shows against what it lists, both ways."""

import enum
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from models import PublicationState as State

TICK = 60.0
"""Seconds between two looks for sites that are due."""

STUCK_AFTER = 600
"""Seconds; a request at the site that dies is taken over after 120."""

REMOVED = frozenset({"trash", "gone"})

HELD_FROM, HELD_SHARE = 10, 0.2
"""Posts, and their share of all that are published, from which on nothing is sent again unasked."""

SENT_AGAIN = ": sent again"


class Kind(enum.StrEnum):
    """What can be found. Metrics and events carry these words."""

    LOST = "lost"
    BEHIND = "behind"
    AHEAD = "ahead"
    MOVED = "moved"
    RETURNED = "returned"
    REMOVED = "removed"
    REACHED = "reached"
    OLDER = "older"
    """Of what was called off or has failed: an older text of it arrived after all, and is live."""

    FOREIGN = "foreign"
    DUPLICATE = "duplicate"
    STUCK = "stuck"
    MANY_LOST = "many_lost"
    """Of the site as a whole: so much is lost or behind at once that it waits for a person."""


class Repair(enum.StrEnum):
    """What is done about it. What a person made or removed is only ever reported."""

    REPORT = "report"
    REPUBLISH = "republish"
    """Queue it once more under the same key: the site makes it again, or brings it up to date."""

    HELD = "held"
    """Would be queued once more, but waits for a person's word."""

    CORRECT = "correct"
    """Write down what the site shows."""

    NOTE_STATUS = "note_status"
    """Write down the post's status there, and leave the rest as it is."""


REPAIRS: Mapping[Kind, Repair] = {
    Kind.LOST: Repair.REPUBLISH,
    Kind.BEHIND: Repair.REPUBLISH,
    Kind.MOVED: Repair.CORRECT,
    Kind.RETURNED: Repair.CORRECT,
    Kind.REACHED: Repair.CORRECT,
    Kind.OLDER: Repair.CORRECT,
    Kind.REMOVED: Repair.NOTE_STATUS,
    Kind.AHEAD: Repair.NOTE_STATUS,
}

ALARMING = frozenset({Kind.DUPLICATE, Kind.AHEAD, Kind.OLDER, Kind.STUCK, Kind.MANY_LOST})
"""Only a person can put these right."""


ARRIVES_LATE = frozenset({State.FAILED, State.UNCONFIRMED, State.WITHDRAWN})
"""What a request that slept on its way may make a post of after all."""


@dataclass(frozen=True, slots=True)
class Known:
    """One of our rows as it was when the census began."""

    id: int
    key: str
    content_id: int
    state: State
    fence: int
    revision: int
    published_revision: int | None = None
    unclear: bool = False
    external_id: str | None = None
    external_status: str | None = None
    fingerprint: str = ""
    """Of the text and post status that were accepted last."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One publication as the site lists it."""

    key: str
    revision: int
    finished: bool
    external_id: str | None
    status: str
    content_id: int = 0
    """0 where the site has forgotten it."""

    fingerprint: str = ""
    """Of what it was sent; '' where it can't say."""

    carriers: int = 1
    carrier_ids: tuple[str, ...] = ()
    worked_on_for: int | None = None
    """Seconds."""

    @property
    def is_there(self) -> bool:
        return self.external_id is not None and self.status not in REMOVED


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference."""

    kind: Kind
    key: str
    words: str
    """For people."""

    row: Known | None = None
    """As it was; a repair holds only while it still is so."""

    shown: Shown | None = None
    mark: str = ""
    """Changes when the difference does: the same one is told once."""

    held: bool = False

    @property
    def repair(self) -> Repair:
        return Repair.HELD if self.held else REPAIRS.get(self.kind, Repair.REPORT)


def compare(rows: Iterable[Known], listing: Iterable[Shown]) -> list[Finding]:
    """Return every difference; ``listing`` must be whole, else what is missing would look lost."""
    shown = {each.key: each for each in listing}
    known = {row.key: row for row in rows}
    findings = [finding for row in known.values() if (finding := _of_row(row, shown.get(row.key)))]
    for each in shown.values():
        findings += _of_site(each, known.get(each.key))
    return findings


def hold_back(rows: Iterable[Known], findings: Collection[Finding], site_id: int) -> list[Finding]:
    """Return the findings; when too much would be sent again at once, all of that held back.

    Where an old backup was restored, a site emptied, or the plugin's answer is wrong, a person
    knows what is meant to be there.
    """
    again = [finding for finding in findings if finding.repair is Repair.REPUBLISH]
    published = sum(
        row.state is State.PUBLISHED and row.external_status not in REMOVED for row in rows
    )
    if len(again) < HELD_FROM or len(again) <= published * HELD_SHARE:
        return list(findings)
    words = (
        f"{len(again)} of {published} published posts are lost or too old at once: nothing is sent "
        f"again before you say so. Look at the site, then: igny8 census --site {site_id} --repair"
    )
    held = [
        _held(finding) if finding.repair is Repair.REPUBLISH else finding for finding in findings
    ]
    return [Finding(Kind.MANY_LOST, "", words), *held]


def _held(finding: Finding) -> Finding:
    words = finding.words.removesuffix(SENT_AGAIN) + ": it waits for a person"
    return replace(finding, held=True, words=words, mark=f"held:{finding.mark}")


def _of_row(row: Known, shown: Shown | None) -> Finding | None:
    if row.state is State.PUBLISHED:
        kind = _of_published(row, shown)
    elif row.state in ARRIVES_LATE and shown is not None:
        kind = _of_arrived(row, shown)
    else:
        kind = None  # on its way, or not to be there: its next step asks the site itself
    if kind is None:
        return None
    return Finding(kind, row.key, _words(kind, row, shown), row, shown, _mark(row, shown))


def _of_published(row: Known, shown: Shown | None) -> Kind | None:
    if shown is None:
        # A person took it away before the site forgot it: that wish outlives the plugin's table.
        return Kind.REMOVED if row.external_status in REMOVED else Kind.LOST
    if not shown.finished:
        return None
    published = row.published_revision or row.revision
    # In this order: a restored site may be behind with a post that was in its trash then.
    differences = {
        Kind.REMOVED: not shown.is_there,
        Kind.BEHIND: shown.revision < published,
        Kind.AHEAD: shown.revision > max(published, row.revision),
        Kind.MOVED: shown.external_id != row.external_id,
        Kind.RETURNED: row.external_status in REMOVED,
    }
    return next((kind for kind, differs in differences.items() if differs), None)


def _of_arrived(row: Known, shown: Shown) -> Kind | None:
    if not shown.finished or not shown.is_there or shown.content_id != row.content_id:
        return None
    # Above it, or under its number in a restored database, is a text that we don't know.
    if shown.revision == row.revision and shown.fingerprint in {"", row.fingerprint}:
        return Kind.REACHED
    # What is unclear asks the site itself; of a post that is known the older text was published.
    ended = row.state is not State.UNCONFIRMED and row.external_id is None
    return Kind.OLDER if ended and shown.revision < row.revision else None


def _of_site(shown: Shown, row: Known | None) -> Iterator[Finding]:
    if row is None and shown.is_there:
        words = (
            f"post {shown.external_id} carries a key of ours that no publication here has: its "
            "content was deleted here, or not published since its integration was made anew, or "
            "the site is a copy of another one"
        )
        yield Finding(Kind.FOREIGN, shown.key, words, None, shown, f"{shown.external_id}")
    if shown.carriers > 1:
        ids = ", ".join(shown.carrier_ids)
        words = (
            f"{shown.carriers} posts carry the same key ({ids}); ours is "
            f"{shown.external_id or 'none of them'}: delete the copies on the site"
        )
        yield Finding(Kind.DUPLICATE, shown.key, words, row, shown, f"{shown.carriers}:{ids}")
    if not shown.finished and (shown.worked_on_for or 0) > STUCK_AFTER:
        minutes = (shown.worked_on_for or 0) // 60
        words = f"the site has been working on it for {minutes} minutes; look at its error log"
        yield Finding(Kind.STUCK, shown.key, words, row, shown, f"{shown.revision}")


def _words(kind: Kind, row: Known, shown: Shown | None) -> str:
    post, has = f"post {row.external_id}", shown.revision if shown else 0
    how = "trashed" if (shown.status if shown else row.external_status) == "trash" else "deleted"
    return {
        Kind.LOST: (
            f"the site has lost {post} and its key, as after a restored backup{SENT_AGAIN}"
        ),
        Kind.BEHIND: (
            f"the site shows revision {has} of {post} in place of {row.published_revision}, "
            f"as after a restored backup or a request that slept there{SENT_AGAIN}"
        ),
        Kind.AHEAD: (
            f"the site shows revision {has} of {post}, but only {row.revision} is known here, "
            "as after a restored database: what is published next goes above it"
        ),
        Kind.MOVED: f"it is post {shown and shown.external_id} on the site, not {post}: noted",
        Kind.RETURNED: f"{post}, which had been removed on the site, is there again: noted",
        Kind.REACHED: f"the site shows its newest revision, though it was {row.state}: published",
        Kind.OLDER: (
            f"post {shown and shown.external_id} shows an older text (revision {has} of "
            f"{row.revision}) of what was {row.state}: publish it again, or remove the post there"
        ),
        Kind.REMOVED: f"{post} was {how} on the site; publish with restore to bring it back",
    }[kind]


def _mark(row: Known, shown: Shown | None) -> str:
    # The fence makes the same loss after another publish a new one.
    seen = f"{shown.revision}:{shown.external_id}:{shown.status}" if shown else ""
    return f"{row.fence}:{seen}"
