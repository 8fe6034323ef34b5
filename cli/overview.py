"""What `igny8 status` shows: how things stand, or the whole story of one content."""

from typing import Any

from cli.event_list import event_line
from cli.exits import CommandError, Exit
from cli.output import output
from cli.row_ids import LARGEST_ID
from cli.site_pages import Asked, page_of_sites, say_next
from cli.standing import publications_of, sites_standing
from models import Content
from models.publication import PublicationState
from models.session import session_scope


def status(asked: Asked) -> None:
    """Show the publications of a page of sites by state."""
    with session_scope(read_only=True) as session:
        found, following = page_of_sites(session, asked)
        rows = sites_standing(session, found)
    states = [state.value for state in PublicationState]
    output().table(
        (
            "Id",
            "Account",
            "URL",
            "Connection",
            *map(str.capitalize, states),
            "Oldest due",
            "Held up by",
        ),
        [
            (
                row["id"],
                row["account"],
                row["url"],
                row["connection_status"],
                *(row["publications"].get(state, 0) for state in states),
                _age(row["oldest_due_seconds"]),
                row["held_up_by"],
            )
            for row in rows
        ],
    )
    say_next(following)
    output().result({"sites": rows, "next": following})


def _age(seconds: int | None) -> str:
    """Return a length of time in the largest unit that says enough."""
    if seconds is None:
        return ""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def tell(content_id: int) -> None:
    """Tell the whole story of one content."""
    with session_scope(read_only=True) as session:
        content = session.get(Content, content_id) if 0 < content_id <= LARGEST_ID else None
        if content is None:
            raise CommandError(f"there is no content {content_id}", Exit.BAD_INPUT)
        head = {
            "content_id": content.id,
            "title": content.title,
            "status": content.status.value,
            "revision": content.revision,
        }
        stories = publications_of(session, content_id)
    say = output()
    say.line(f"{head['content_id']}  {head['title']}  ({head['status']}, rev. {head['revision']})")
    if not stories:
        say.line("It was never asked to be published.")
    for story in stories:
        _tell_story(story)
    say.result(head | {"publications": stories})


def _tell_story(story: dict[str, Any]) -> None:
    say = output()
    say.line(f"\n{story['site']}: {story['state']} {story['url'] or ''}".rstrip())
    for name in ("failure", "suspended_reason"):
        if story[name]:
            say.line(f"  because: {story[name]}")
    say.line(f"  key {story['publication_key']}, due {story['due_at']}")
    if story["attempts"]:
        say.table(
            ("At", "Request", "Answer", "ms", "Error"),
            [
                (one["at"], one["request"], one["status_code"], one["duration_ms"], one["error"])
                for one in story["attempts"]
            ],
        )
    for event in story["events"]:
        say.line(f"  {event_line(event)}")
