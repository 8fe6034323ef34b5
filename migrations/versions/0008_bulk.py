"""Bulk jobs and their items. Adds only."""

import sqlalchemy as sa
from alembic import op

from models.clock import now

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WAITING, ACCEPTED = sa.text("state = 'waiting'"), sa.text("state = 'accepted'")
REFERRED = {
    "content_id": "contents",
    "integration_id": "site_integrations",
    "publication_id": "publications",
}


def upgrade() -> None:
    op.create_table(
        "bulk_jobs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("selection", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_bulk_jobs_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_jobs")),
    )
    with op.batch_alter_table("bulk_jobs", schema=None) as batch_op:
        batch_op.create_index("ix_bulk_jobs_account_id_created_at", ["account_id", "created_at"])
    _make_items()


def _make_items() -> None:
    op.create_table(
        "bulk_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        *(sa.Column(column, sa.Integer(), nullable=True) for column in REFERRED),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["bulk_jobs.id"],
            name=op.f("fk_bulk_items_job_id_bulk_jobs"),
            ondelete="CASCADE",
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_bulk_items_{column}_{table}"),
                ondelete="SET NULL",
            )
            for column, table in REFERRED.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_items")),
        sa.UniqueConstraint("job_id", "content_id", name=op.f("uq_bulk_items_job_id_content_id")),
    )
    with op.batch_alter_table("bulk_items", schema=None) as batch_op:
        for column in REFERRED:
            batch_op.create_index(batch_op.f(f"ix_bulk_items_{column}"), [column])
        batch_op.create_index("ix_bulk_items_job_id_state", ["job_id", "state"])
        batch_op.create_index(
            "ix_bulk_items_waiting",
            ["job_id", "integration_id", "id"],
            postgresql_where=WAITING,
            sqlite_where=WAITING,
        )
        batch_op.create_index(
            "ix_bulk_items_accepted",
            ["integration_id", "publication_id"],
            postgresql_where=ACCEPTED,
            sqlite_where=ACCEPTED,
        )


def downgrade() -> None:
    op.drop_table("bulk_items")
    op.drop_table("bulk_jobs")
