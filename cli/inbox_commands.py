"""What `igny8 inbox list`, `show` and `replay` do."""

from collections.abc import Mapping
from typing import Any

from cli.bell import wake_readers
from cli.exits import CommandError, Exit
from cli.finding import NotFound, addresses, find_integration
from cli.output import output
from models import InboxMessage, InboxState
from models.inbox.replaying import Chosen, newest_messages
from models.inbox.replaying import replay as replay_chosen
from models.session import session_scope

COLUMNS = ("id", "site_id", "door", "external_id", "sequence", "state", "attempts", "reason")


def show_list(site: str | None, state: str | None, count: int) -> None:
    """Print the newest messages."""
    with session_scope(read_only=True) as session:
        site_id = find_integration(session, site).site_id if site else None
        chosen = Chosen(site_id=site_id, state=_state(state))
        found = newest_messages(session, chosen, count)[::-1]
        urls = addresses(session, {message.site_id for message in found})
    rows = [_values(message, urls) for message in found]
    output().table(
        ("Id", "Site", "Door", "Post", "Sequence", "State", "Attempts", "Reason"),
        [[row[name] for name in COLUMNS] for row in rows],
    )
    output().result({"messages": rows})


def _state(written: str | None) -> InboxState | None:
    try:
        return InboxState(written) if written else None
    except ValueError:
        known = ", ".join(InboxState)
        raise CommandError(
            f"there is no state {written}; there are: {known}", Exit.BAD_INPUT
        ) from None


def show_one(id_: int) -> None:
    """Print a message with everything that is known of it."""
    with session_scope(read_only=True) as session:
        found = session.get(InboxMessage, id_)
        if found is None:
            raise NotFound(f"there is no webhook {id_}; `igny8 inbox list` shows the newest")
        urls = addresses(session, {found.site_id})
    body = found.body.decode("utf-8", "backslashreplace")
    values = _values(found, urls) | {
        "message_id": found.message_id,
        "signed": found.signed,
        "sent_at": found.sent_at,
        "due_at": found.due_at,
        "finished_at": found.finished_at,
        "content_id": found.content_id,
        "site_said": found.site_said,
        "body": body,
    }
    for name, value in values.items():
        if name != "body" and value is not None:
            output().line(f"{name}: {_printable(str(value))}")
    output().line(_printable(body))
    output().result(values)


def _printable(text: str) -> str:
    """Return a stranger's text with nothing in it that a terminal would obey."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def _values(message: InboxMessage, urls: Mapping[int, str]) -> dict[str, Any]:
    return {
        "received_at": message.received_at,
        **{name: getattr(message, name) for name in COLUMNS},
        "state": message.state.value,
        "url": urls.get(message.site_id),
    }


def replay_messages(ids: list[int] | None, site: str | None) -> None:
    """Give messages back to be read; all dead ones where none is named."""
    state = None if ids else InboxState.DEAD
    with session_scope() as session:
        site_id = find_integration(session, site).site_id if site else None
        replayed = replay_chosen(session, Chosen(ids or None, site_id, state))
    missing = sorted(set(ids or ()) - set(replayed))
    if replayed:
        wake_readers()
    output().line(f"{len(replayed)} to be read again")
    output().result({"replayed": replayed, "left": missing})
    if missing:
        listed = ", ".join(map(str, missing))
        raise CommandError(f"not there, or not at their end: {listed}", Exit.BAD_INPUT)
