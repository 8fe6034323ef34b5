"""Site care: what each site is spared, and until when. Adds columns only."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COUNTERS = (
    "looks",
    "failures_in_a_row",
    "breaker_opens",
    "slowness",
    "window_sends",
    "window_retries",
)
TIMES = ("next_look_at", "breaker_open_until", "next_post_at", "window_until")


def upgrade() -> None:
    with op.batch_alter_table("site_integrations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suspended_code", sa.String(), nullable=True))
        for name in TIMES:
            batch_op.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        for name in COUNTERS:
            # The default is the server's: the release before this one adds rows without it.
            batch_op.add_column(sa.Column(name, sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("site_integrations", schema=None) as batch_op:
        for name in ("suspended_code", *TIMES, *COUNTERS):
            batch_op.drop_column(name)
