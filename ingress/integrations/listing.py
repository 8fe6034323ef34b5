"""The list of integrations: for people, and for a plugin that looks for its own (S92, S113)."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import defer, joinedload

from ingress.auth import account_id
from ingress.integrations.answers import listed
from ingress.integrations.fields import OLD_WORDS, IntegrationQuery
from ingress.paging import cursor_after, id_of
from ingress.site_keys import asking_site
from models import Integration
from models.session import session_scope


def list_integrations(query: IntegrationQuery) -> Any:
    """List integrations, newest first; follow `next_cursor` until it is null.

    A site's key shows that site's alone.
    """
    statement = (
        sa.select(Integration)
        .where(Integration.account_id == account_id(), *_conditions(query))
        .options(joinedload(Integration.site), defer(Integration.credentials))
        .order_by(Integration.id.desc())
        .limit(query.limit + 1)
    )
    with session_scope(read_only=True) as session:
        found = session.scalars(statement).all()
        page = found[: query.limit]
        results = listed(session, page)
    return {"results": results, "next_cursor": cursor_after(found, [each.id for each in page])}


def _conditions(query: IntegrationQuery) -> list[sa.ColumnElement[bool]]:
    wanted = {
        Integration.site_id: query.site or query.site_id,
        Integration.platform: query.platform,
        Integration.is_active: query.is_active,
        Integration.sync_status: OLD_WORDS.get(query.sync_status or "", query.sync_status),
    }
    conditions = [column == value for column, value in wanted.items() if value is not None]
    if (own := asking_site()) is not None:
        conditions.append(Integration.site_id == own)
    if query.cursor is not None:
        conditions.append(Integration.id < id_of(query.cursor))
    return conditions
