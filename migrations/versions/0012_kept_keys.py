"""The keys of removed integrations, kept for those that are made anew. Adds only."""

import sqlalchemy as sa
from alembic import op

from models.clock import now

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_keys",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), server_default=now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["sites.id"],
            name=op.f("fk_kept_keys_site_id_sites"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["contents.id"],
            name=op.f("fk_kept_keys_content_id_contents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("site_id", "platform", "content_id", name=op.f("pk_kept_keys")),
        sa.UniqueConstraint("key", name=op.f("uq_kept_keys_key")),
    )


def downgrade() -> None:
    op.drop_table("kept_keys")
