"""What `igny8 census` does: take it site by site, say what was found."""

from typing import Any

import sqlalchemy as sa
import typer
from sqlalchemy.orm import joinedload

from cli.bell import wake_workers
from cli.exits import CommandError, Exit
from cli.finding import find_integration
from cli.output import output
from models import Integration
from models.session import session_scope
from pipeline.census import Finding
from platforms import ADAPTERS
from tasks.census_taking import Census, take_census


def take(site: str | None) -> None:
    """Take the census of one site or of all; exit 3 when a site could not be read."""
    taken = [(row, census) for row in _chosen(site) if (census := _one(row))]
    found = [(row, finding) for row, census in taken for finding in census.findings]
    if found:
        output().table(
            ("Site", "Kind", "Content", "What"),
            [(row.site.url, each.kind, _content(each), each.words) for row, each in found],
        )
    output().result({"censuses": [_values(row, census) for row, census in taken]})
    if any(census.queued for _, census in taken):
        wake_workers()
    if any(census.error for _, census in taken):
        raise typer.Exit(Exit.UNREACHABLE)


def _chosen(site: str | None) -> list[Integration]:
    with session_scope(read_only=True) as session:
        if site is not None:
            return [find_integration(session, site)]
        query = sa.select(Integration).options(joinedload(Integration.site))
        query = query.where(Integration.is_active, Integration.platform.in_(list(ADAPTERS)))
        rows = list(session.scalars(query.order_by(Integration.site_id)))
    if not rows:
        raise CommandError("there is no site yet: igny8 site add URL --key KEY", Exit.BAD_INPUT)
    return rows


def _one(row: Integration) -> Census | None:
    census = take_census(row.id, forced=True)
    if census is None:  # it was removed meanwhile
        return None
    if census.error is not None:
        output().error(f"{row.site.url}: {census.error}; nothing was concluded", site=row.site_id)
    else:
        output().line(
            f"{row.site.url}: {census.rows} known here, {census.listed} there, "
            f"{len(census.findings)} found"
        )
    return census


def _content(finding: Finding) -> int | None:
    return finding.row.content_id if finding.row else None


def _values(row: Integration, census: Census) -> dict[str, Any]:
    return {
        "site": row.site_id,
        "url": row.site.url,
        "complete": census.error is None,
        "problem": str(census.error) if census.error else None,
        "known": census.rows,
        "listed": census.listed,
        "new": census.told,
        "findings": [_finding(each) for each in census.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    shown = finding.shown
    return {
        "kind": finding.kind.value,
        "repair": finding.repair.value,
        "publication_key": finding.key,
        "content_id": _content(finding),
        "external_id": shown.external_id if shown else None,
        "post_ids": list(shown.carrier_ids) if shown else [],
        "words": finding.words,
    }
