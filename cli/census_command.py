"""What `igny8 census` does: take it site by site, say what was found."""

from typing import Any

import sqlalchemy as sa
import typer
from sqlalchemy.orm import joinedload

from cli.bell import wake_workers
from cli.exits import CommandError, Exit
from cli.finding import find_integration, names_of
from cli.output import output
from models import Integration
from models.session import session_scope
from pipeline.census import Finding, Kind
from platforms import ADAPTERS
from tasks.open_files import allow_many
from tasks.sites.census_taking import Census, take_census


def take(site: str | None, *, approved: bool) -> None:
    """Take the census of one site or of all; ``approved``: repair however much is lost.

    Exit 3 when a site could not be read, 1 when a repair waits for a person's word.

    Raises:
        CommandError: all sites were approved at once.
    """
    if approved and site is None:
        raise CommandError("--repair is for one site: name it with --site", Exit.BAD_INPUT)
    allow_many()
    taken = [(row, census) for row in _chosen(site) if (census := _one(row, approved=approved))]
    found = [(row, finding) for row, census in taken for finding in census.findings]
    if found:
        output().table(
            ("Site", "Kind", "Content", "What"),
            [(row.site_url, each.kind, _content(each), each.words) for row, each in found],
        )
    output().result({"censuses": [_values(row, census) for row, census in taken]})
    if any(census.queued for _, census in taken):
        wake_workers()
    if any(census.error for _, census in taken):
        raise typer.Exit(Exit.UNREACHABLE)
    if any(census.held for _, census in taken):
        raise typer.Exit(Exit.FAILED)


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


def _one(row: Integration, *, approved: bool) -> Census | None:
    census = take_census(row.id, forced=True, approved=approved)
    if census is None:  # it was removed meanwhile
        return None
    if census.error is not None:
        output().error(f"{row.site_url}: {census.error}; nothing was concluded", site=row.site_id)
    else:
        output().line(
            f"{row.site_url}: {census.rows} known here, {census.listed} there, "
            f"{len(census.findings)} found"
        )
        for finding in census.findings:
            if finding.kind is Kind.MANY_LOST:
                output().error(f"{row.site_url}: {finding.words}", site=row.site_id)
    return census


def _content(finding: Finding) -> int | None:
    return finding.row.content_id if finding.row else None


def _values(row: Integration, census: Census) -> dict[str, Any]:
    return {
        "site": row.site_id,
        **names_of(row),
        "complete": census.error is None,
        "problem": str(census.error) if census.error else None,
        "known": census.rows,
        "listed": census.listed,
        "held": census.held,
        "new": census.told,
        "findings": [_finding(each) for each in census.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    shown = finding.shown
    return {
        "kind": finding.kind.value,
        "repair": finding.repair.value,
        "publication_key": finding.key or None,
        "content_id": _content(finding),
        "external_id": shown.external_id if shown else None,
        "post_ids": list(shown.carrier_ids) if shown else [],
        "words": finding.words,
    }
