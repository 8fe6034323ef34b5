"""The daily census: when a site had its last one, and what that found. Adds only."""

import sqlalchemy as sa
from alembic import op

from models.clock import now

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("site_integrations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("census_at", sa.DateTime(timezone=True), nullable=True))

    op.create_table(
        "census_findings",
        sa.Column("integration_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column(
            "found_at", sa.DateTime(timezone=True), server_default=now(), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["site_integrations.id"],
            name=op.f("fk_census_findings_integration_id_site_integrations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("integration_id", "key", "kind", name=op.f("pk_census_findings")),
    )


def downgrade() -> None:
    op.drop_table("census_findings")
    with op.batch_alter_table("site_integrations", schema=None) as batch_op:
        batch_op.drop_column("census_at")
