"""What `igny8 site pace` does: say how much a site gets at most, and change that."""

from collections.abc import Mapping
from typing import Any

import settings
from cli.exits import CommandError, Exit
from cli.finding import find_integration, names_of
from cli.output import output
from models import Integration
from models.session import session_scope
from pipeline.buckets import bucket_of

LIMITS = ("posts_per_minute", "burst", "requests_per_site")


def set_pace(site: str, wanted: Mapping[str, float | None]) -> None:
    """Set a site's limits and say what they are; None leaves one as it is, 0 takes it away.

    Raises:
        CommandError: a burst without posts a minute, which would limit nothing.
    """
    changes = {name: value for name, value in wanted.items() if value is not None}
    with session_scope(read_only=not changes) as session:
        found = find_integration(session, site)
        if changes:
            # Locked: whoever changes another setting of it at the same time must see this one.
            found = session.get_one(
                Integration, found.id, with_for_update=True, populate_existing=True
            )
            found.config_json = changed(found.config_json, changes)
        values = {"site": found.site_id, **names_of(found), **_limits(found.config_json)}
    output().line(f"{values['url']}: {_words(values)}")
    output().result(values)


def changed(config: Mapping[str, Any], changes: Mapping[str, float]) -> dict[str, Any]:
    """Return a site's settings with other limits."""
    merged = {**config, **changes}
    if changes.get("posts_per_minute") == 0:  # its burst goes with it
        merged["burst"] = changes.get("burst", 0)
    kept = {name: value for name, value in merged.items() if name not in LIMITS or value}
    if "burst" in kept and "posts_per_minute" not in kept:
        raise CommandError(
            "--burst says how many of a minute's posts may go at once: give --posts-per-minute too",
            Exit.BAD_INPUT,
        )
    return kept


def _limits(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: config.get(name) for name in LIMITS}


def _words(values: Mapping[str, Any]) -> str:
    bucket = bucket_of(values)
    posts = "as many posts as it takes"
    if bucket is not None:
        posts = f"{values['posts_per_minute']:g} posts a minute, up to {bucket.burst} at once"
    requests = values["requests_per_site"] or settings.current().requests_per_site
    return f"{posts}; {requests} requests at a time"
