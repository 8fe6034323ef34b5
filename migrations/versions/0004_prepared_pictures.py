"""Prepared pictures: which bytes stand for a picture on sites. Adds a column only."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # No foreign key: SQLite would copy the whole table, with the bytes of every picture.
    with op.batch_alter_table("image_files", schema=None) as batch_op:
        batch_op.add_column(sa.Column("prepared_sha256", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("image_files", schema=None) as batch_op:
        batch_op.drop_column("prepared_sha256")
