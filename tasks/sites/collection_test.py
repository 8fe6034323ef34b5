"""The one link of a test of a content type: is it there, can it be read and written (S98, C8)."""

from dataclasses import asdict

import platforms
import settings
from models.session import session_scope
from models.sites.run_ends import End, end_site_run
from models.sites.runs import hold_site_run
from pipeline.errors import PublishError
from platforms.base import Collection


def probe_collection(run_id: str) -> None:
    """Ask the site for one content type, and end the run with what it says."""
    with session_scope() as session:
        run = hold_site_run(session, run_id, settings.current().lease)
    if run is None:
        return
    try:
        found = platforms.connect(platforms.target_of(run.integration)).collection(run.subject)
        end = _end(run.subject, found)
    except PublishError as error:
        end = End(succeeded=False, reason=str(error), code=error.code)
    with session_scope() as session:
        end_site_run(session, run, end)


def _end(name: str, found: Collection) -> End:
    reason = _complaint(name, found)
    details = {"content_type": name, **asdict(found)}
    return End(not reason, reason or None, "content_type" if reason else None, details)


def _complaint(name: str, found: Collection) -> str:
    if not found.exists:
        return f"The site has no content type {name}: activate the plugin or theme that brings it."
    if found.route is None:
        return (
            f"{name} has no REST route: whoever registers it must set show_in_rest, "
            "in WordPress's own namespace."
        )
    if not found.can_read:
        return f"{name} can't be read through the REST API: a plugin keeps it from visitors."
    return ""
