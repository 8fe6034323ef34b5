"""An index of the attempts that failed, by integration. Adds only.

While it is made nothing can be written to attempts. Where that is a table of millions, it may be
made before, by hand and CONCURRENTLY; then there is nothing to do here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FAILED = sa.text("error IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_attempts_failed",
        "attempts",
        ["integration_id", "id"],
        postgresql_where=FAILED,
        sqlite_where=FAILED,
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_index("ix_attempts_failed", "attempts", if_exists=True)
