"""The schedule: settings of sites, their entries, and the windows of publications. Adds only."""

import sqlalchemy as sa
from alembic import op

from models.clock import now

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "publishing_settings",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("auto_approval_enabled", sa.Boolean(), nullable=False),
        sa.Column("auto_publish_enabled", sa.Boolean(), nullable=False),
        sa.Column("daily_publish_limit", sa.Integer(), nullable=False),
        sa.Column("weekly_publish_limit", sa.Integer(), nullable=False),
        sa.Column("monthly_publish_limit", sa.Integer(), nullable=False),
        sa.Column("publish_days", sa.JSON(), nullable=False),
        sa.Column("publish_time_slots", sa.JSON(), nullable=False),
        sa.Column("blackout_dates", sa.JSON(), nullable=False),
        sa.Column("minimum_gap_minutes", sa.Integer(), nullable=False),
        sa.Column("jitter_minutes", sa.Integer(), nullable=False),
        sa.Column("publish_order", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("time_zone_source", sa.String(), nullable=False),
        sa.Column("plan_due", sa.Boolean(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_publishing_settings_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["sites.id"],
            name=op.f("fk_publishing_settings_site_id_sites"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_publishing_settings")),
    )
    with op.batch_alter_table("publishing_settings", schema=None) as batch_op:
        batch_op.create_index(
            "ix_publishing_settings_plan_due",
            ["site_id"],
            unique=False,
            postgresql_where=sa.text("plan_due"),
            sqlite_where=sa.text("plan_due"),
        )

    op.create_table(
        "schedule_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("integration_id", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("automation_run_id", sa.String(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), server_default=now(), nullable=False),
        sa.Column("exact", sa.Boolean(), nullable=False),
        sa.Column("override_status", sa.Boolean(), nullable=False),
        sa.Column("post_status", sa.String(), nullable=False),
        sa.Column("slot_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("slot_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("publication_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_schedule_entries_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["contents.id"],
            name=op.f("fk_schedule_entries_content_id_contents"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["site_integrations.id"],
            name=op.f("fk_schedule_entries_integration_id_site_integrations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.id"],
            name=op.f("fk_schedule_entries_publication_id_publications"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["sites.id"],
            name=op.f("fk_schedule_entries_site_id_sites"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_entries")),
        sa.UniqueConstraint(
            "content_id",
            "integration_id",
            name=op.f("uq_schedule_entries_content_id_integration_id"),
        ),
    )
    with op.batch_alter_table("schedule_entries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_schedule_entries_due",
            ["slot_at"],
            unique=False,
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        )
        batch_op.create_index(
            "ix_schedule_entries_integration_id_slot_at",
            ["integration_id", "slot_at"],
            unique=False,
        )
        batch_op.create_index(
            "ix_schedule_entries_exact",
            ["slot_at"],
            unique=False,
            postgresql_where=sa.text("state = 'waiting' AND exact"),
            sqlite_where=sa.text("state = 'waiting' AND exact = 1"),
        )
        batch_op.create_index(
            "ix_schedule_entries_held",
            ["site_id"],
            unique=False,
            postgresql_where=sa.text("state = 'held'"),
            sqlite_where=sa.text("state = 'held'"),
        )
        batch_op.create_index(
            batch_op.f("ix_schedule_entries_publication_id"), ["publication_id"], unique=False
        )
        batch_op.create_index(
            "ix_schedule_entries_waiting",
            ["site_id"],
            unique=False,
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        )

    with op.batch_alter_table("publications", schema=None) as batch_op:
        batch_op.add_column(sa.Column("publish_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_index("ix_publications_waiting")
        batch_op.create_index(
            "ix_publications_waiting",
            ["integration_id", "due_at", "publish_until"],
            unique=False,
            postgresql_where=sa.text("state IN ('queued', 'unconfirmed')"),
            sqlite_where=sa.text("state IN ('queued', 'unconfirmed')"),
        )
        batch_op.create_index(
            "ix_publications_created_at_integration_id",
            ["created_at", "integration_id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_publications_window",
            ["publish_until"],
            unique=False,
            postgresql_where=sa.text(
                "publish_until IS NOT NULL AND state IN ('queued', 'unconfirmed')"
            ),
            sqlite_where=sa.text(
                "publish_until IS NOT NULL AND state IN ('queued', 'unconfirmed')"
            ),
        )

    with op.batch_alter_table("contents", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("swept", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.create_index(
            "ix_contents_unswept",
            ["site_id", "status"],
            unique=False,
            postgresql_where=sa.text("NOT swept"),
            sqlite_where=sa.text("swept = 0"),
        )
    # What has been published once is nothing for the first sweep.
    op.execute(
        "UPDATE contents SET swept = true"
        " WHERE EXISTS (SELECT 1 FROM publications WHERE publications.content_id = contents.id)"
    )


def downgrade() -> None:
    with op.batch_alter_table("contents", schema=None) as batch_op:
        batch_op.drop_index("ix_contents_unswept")
        batch_op.drop_column("swept")

    with op.batch_alter_table("publications", schema=None) as batch_op:
        batch_op.drop_index("ix_publications_window")
        batch_op.drop_index("ix_publications_created_at_integration_id")
        batch_op.drop_index("ix_publications_waiting")
        batch_op.create_index(
            "ix_publications_waiting",
            ["integration_id", "due_at"],
            unique=False,
            postgresql_where=sa.text("state IN ('queued', 'unconfirmed')"),
            sqlite_where=sa.text("state IN ('queued', 'unconfirmed')"),
        )
        batch_op.drop_column("publish_until")

    with op.batch_alter_table("schedule_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_schedule_entries_waiting")
        batch_op.drop_index("ix_schedule_entries_publication_id")
        batch_op.drop_index("ix_schedule_entries_held")
        batch_op.drop_index("ix_schedule_entries_exact")
        batch_op.drop_index("ix_schedule_entries_integration_id_slot_at")
        batch_op.drop_index("ix_schedule_entries_due")

    op.drop_table("schedule_entries")
    with op.batch_alter_table("publishing_settings", schema=None) as batch_op:
        batch_op.drop_index("ix_publishing_settings_plan_due")

    op.drop_table("publishing_settings")
