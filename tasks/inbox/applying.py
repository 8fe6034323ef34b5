"""The third link: what the messages mean for our rows, all of a batch in one transaction."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import InboxState, Publication
from models.clock import now
from models.inbox.batches import Again, finish_messages, put_back
from models.inbox.events import Ended, tell_of_messages
from models.inbox.matching import lock_publications
from models.session import session_scope
from pipeline.settling import (
    MOST_PARKS,
    PARK_SECONDS,
    Known,
    Said,
    Verdict,
    after_echo,
    after_news,
    after_said,
    is_ours,
    is_yesterdays,
    judge,
)
from pipeline.statuses import status_here
from tasks.inbox.batch import Entry, InboxBatch, known_of, read_batch, write_known
from tasks.inbox.telling import bury

BUSY_DELAY = 1.0


def apply_messages(batch_id: int) -> None:
    """Write what is new, in each post's order; give back what can't be settled yet."""
    with session_scope() as session:
        batch = read_batch(session, batch_id, lock=True)
        if batch is None:
            return
        work = Applying(session, batch)
        work.run()
        ended = [*batch.ended, *work.ended]
        ends = {each.message.id: (each.state, each.reason) for each in ended}
        finish_messages(session, batch.id, batch.site_id, ends)
        bury(session, batch.integration, put_back(session, batch.id, batch.site_id, work.later))
        tell_of_messages(session, batch.integration, ended)


class Applying:
    """One batch; ``run`` fills in what has ended and what must be read again."""

    def __init__(self, session: Session, batch: InboxBatch) -> None:
        self.ended: list[Ended] = []
        self.later: list[Again] = []
        self._entries = batch.entries
        self._present: datetime = session.scalars(select(now())).one()
        self._rows = lock_publications(session, {e.publication.id for e in batch.entries})
        self._known = {id_: known_of(row) for id_, row in self._rows.items()}

    def run(self) -> None:
        for entry in self._entries:
            row = self._rows.get(entry.publication.id)
            if row is None:
                self._again(entry, BUSY_DELAY, "its publication was being written")
            else:
                self._settle(entry, row)

    def _settle(self, entry: Entry, row: Publication) -> None:
        known = self._known[row.id]
        judged = judge(entry.news, known, entry.message.parks)
        match judged.verdict:
            case Verdict.PARK:
                self._again(entry, PARK_SECONDS, judged.reason or "", parked=True)
            case Verdict.IGNORE:
                self._end(entry, InboxState.IGNORED, judged.reason)
            case Verdict.ECHO:
                self._write(row, after_echo(known, entry.news))
                self._end(entry, InboxState.ECHO)
            case Verdict.APPLY:
                self._write(row, after_news(known, entry.news))
                self._end(entry, InboxState.APPLIED)
            case Verdict.ASK:
                self._believe(entry, row, known)

    def _believe(self, entry: Entry, row: Publication, known: Known) -> None:
        """Settle a message by what the site said of its post."""
        if entry.message.site_said is None:
            # Asked for too late to be seen, or the site left it out.
            often = entry.message.parks >= MOST_PARKS
            words = "the site did not tell of this post"
            self._again(entry, PARK_SECONDS, words, parked=not often, failed=often)
            return
        said = Said.from_json(entry.message.site_said)
        if not is_ours(said, known):
            self._end(entry, InboxState.IGNORED, "the site does not know this post as ours")
            return
        if is_yesterdays(said, known) and entry.message.parks < MOST_PARKS:
            words = "something newer was seen since the site was asked"
            self._again(entry, PARK_SECONDS, words, parked=True)
            return
        found = after_said(known, entry.news, said)
        if found == known:
            self._end(entry, InboxState.IGNORED, "the site shows nothing new")
            return
        self._write(row, found)
        self._end(entry, InboxState.APPLIED, "settled by asking the site")

    def _write(self, row: Publication, known: Known) -> None:
        self._known[row.id] = known
        write_known(row, known, self._present)

    def _again(
        self,
        entry: Entry,
        delay: float,
        reason: str,
        *,
        parked: bool = False,
        failed: bool = False,
    ) -> None:
        self.later.append(Again(entry.message.id, delay, reason, failed=failed, parked=parked))

    def _end(self, entry: Entry, state: InboxState, reason: str | None = None) -> None:
        known, news = self._known[entry.publication.id], entry.news
        details = {
            "event": news.event,
            "sequence": news.mark.sequence,
            "wordpress_status": known.status,
            "status": status_here(known.status),
        }
        self.ended.append(
            Ended(
                entry.message,
                state,
                reason,
                content_id=entry.publication.content_id,
                external_id=news.post_id,
                content_type=news.post_type,
                details=details,
                about=news.about and news.about.value,
            )
        )
