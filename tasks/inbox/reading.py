"""The first link of the inbox's chain: what each message says, and what is none of ours."""

from collections.abc import Mapping

from models.inbox.batches import finish_messages, write_each
from models.inbox.events import tell_of_messages
from models.session import session_scope
from tasks.inbox.batch import read_batch


def read_messages(batch_id: int) -> None:
    """End what can't be read or is not ours; note of the others which post they are about."""
    with session_scope() as session:
        batch = read_batch(session, batch_id, lock=True)
        if batch is None:
            return
        ends = {each.message.id: (each.state, each.reason) for each in batch.ended}
        named: dict[str, Mapping[int, object]] = {
            "external_id": {e.message.id: e.news.post_id for e in batch.entries},
            "content_id": {e.message.id: e.publication.content_id for e in batch.entries},
            "sequence": {e.message.id: e.news.mark.sequence for e in batch.entries},
        }
        for column, values in named.items():
            write_each(session, batch_id, batch.site_id, column, values)
        finish_messages(session, batch_id, batch.site_id, ends)
        tell_of_messages(session, batch.integration, batch.ended)
