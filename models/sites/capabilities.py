"""What a probe showed of a site, kept: typed, dated, the newest only."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.capability import Capability
from models.clock import now


def write_capability(session: Session, integration_id: int, values: Mapping[str, Any]) -> None:
    """Replace what was known of a site; ``values`` are columns of Capability."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {**values, "observed_at": now()}
    session.execute(
        insert(Capability)
        .values(integration_id=integration_id, **row)
        .on_conflict_do_update(index_elements=["integration_id"], set_=row)
    )
