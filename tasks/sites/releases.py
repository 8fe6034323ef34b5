"""Whether the sites have the plugin that comes with this engine; who lags behind is told."""

from functools import cache

import structlog
from sqlalchemy.orm import Session

import settings
from models.session import session_scope
from models.sites.plugin_releases import tell_outdated, versions_in_use
from pipeline.releases import older, version_of_plugin
from tasks.app import app
from tasks.heartbeat import beats

log = structlog.get_logger()

PLUGIN = settings.ROOT / "wordpress-plugin/igny8-wp-bridge/igny8-wp-bridge.php"
AT_ONCE = 500
"""Sites told in one transaction."""

MOST_TOLD = 20
"""Transactions of one run: what is left over is told the next day."""


@cache
def shipped_version() -> str | None:
    """Return the version of the plugin beside this engine; None where it was left out."""
    try:
        return version_of_plugin(PLUGIN.read_text(encoding="utf-8"))
    except OSError:
        return None


def outdated_sites(session: Session) -> int:
    """Return how many connected sites have an older plugin than this engine comes with."""
    in_use = versions_in_use(session)
    return sum(in_use[version] for version in older(in_use, shipped_version() or ""))


@app.task(name="check_releases")
@beats("check_releases")
def check_releases() -> None:
    """Tell the sites whose plugin is behind, each once for a version."""
    if told := tell_all():
        log.info("releases.told", sites=told, shipped=shipped_version())


def tell_all() -> int:
    """Write the events that are missing; return how many."""
    shipped, told = shipped_version(), 0
    if shipped is None:
        return 0
    with session_scope(read_only=True) as session:
        behind = older(versions_in_use(session), shipped)
    for _ in range(MOST_TOLD if behind else 0):
        with session_scope() as session:
            some = tell_outdated(session, behind, shipped, AT_ONCE)
        told += some
        if some < AT_ONCE:
            break
    return told
