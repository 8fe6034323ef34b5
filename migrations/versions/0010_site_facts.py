"""What a site tells of itself, and its categories and tags. Adds only."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("site_structures", schema=None) as batch_op:
        batch_op.add_column(sa.Column("site_facts", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("terms", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("site_structures", schema=None) as batch_op:
        batch_op.drop_column("terms")
        batch_op.drop_column("site_facts")
