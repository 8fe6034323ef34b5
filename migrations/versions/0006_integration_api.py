"""The integration API: users, capabilities, structures, inbox, site runs, counters. Adds only."""

import sqlalchemy as sa
from alembic import op

from models.clock import now

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watermarks",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=now(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_watermarks")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_digest", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_idempotency_keys_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_users_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "inbox_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_digest", sa.String(), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("content_id", sa.Integer(), nullable=True),
        sa.Column("site_said", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("parks", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=now(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=now(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["sites.id"],
            name=op.f("fk_inbox_messages_site_id_sites"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_messages")),
        sa.UniqueConstraint(
            "site_id", "message_id", name=op.f("uq_inbox_messages_site_id_message_id")
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("inbox_messages", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inbox_messages_reading",
            ["site_id", "leased_until"],
            unique=False,
            postgresql_where=sa.text("state = 'reading'"),
            sqlite_where=sa.text("state = 'reading'"),
        )
        batch_op.create_index(
            "ix_inbox_messages_waiting",
            ["site_id", "id"],
            unique=False,
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "plugin_installations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("plugin", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("installed_at", sa.DateTime(timezone=True), server_default=now(), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["sites.id"],
            name=op.f("fk_plugin_installations_site_id_sites"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plugin_installations")),
        sa.UniqueConstraint(
            "site_id", "plugin", name=op.f("uq_plugin_installations_site_id_plugin")
        ),
    )
    op.create_table(
        "capabilities",
        sa.Column("integration_id", sa.Integer(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("layers", sa.JSON(), nullable=False),
        sa.Column("wordpress_version", sa.String(), nullable=True),
        sa.Column("php_version", sa.String(), nullable=True),
        sa.Column("plugin_version", sa.String(), nullable=True),
        sa.Column("rest_route", sa.String(), nullable=True),
        sa.Column("pretty_permalinks", sa.Boolean(), nullable=True),
        sa.Column("authorization_stripped", sa.Boolean(), nullable=True),
        sa.Column("can_write", sa.Boolean(), nullable=True),
        sa.Column("transactions", sa.Boolean(), nullable=True),
        sa.Column("seo_plugin", sa.String(), nullable=True),
        sa.Column("max_body_bytes", sa.Integer(), nullable=True),
        sa.Column("timezone", sa.String(), nullable=True),
        sa.Column("gmt_offset", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["site_integrations.id"],
            name=op.f("fk_capabilities_integration_id_site_integrations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("integration_id", name=op.f("pk_capabilities")),
    )
    op.create_table(
        "site_runs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("integration_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=now(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_site_runs_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["site_integrations.id"],
            name=op.f("fk_site_runs_integration_id_site_integrations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_runs")),
    )
    with op.batch_alter_table("site_runs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_site_runs_integration_id_created_at", ["integration_id", "created_at"], unique=False
        )
        batch_op.create_index(
            "ix_site_runs_open",
            ["due_at"],
            unique=False,
            postgresql_where=sa.text("state IN ('queued', 'running')"),
            sqlite_where=sa.text("state IN ('queued', 'running')"),
        )
        batch_op.create_index(
            "uq_site_runs_open",
            ["integration_id", "kind", "subject"],
            unique=True,
            postgresql_where=sa.text("state IN ('queued', 'running')"),
            sqlite_where=sa.text("state IN ('queued', 'running')"),
        )

    op.create_table(
        "site_structures",
        sa.Column("integration_id", sa.Integer(), nullable=False),
        sa.Column("post_types", sa.JSON(), nullable=False),
        sa.Column("taxonomies", sa.JSON(), nullable=False),
        sa.Column("overrides", sa.JSON(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_structure_fetch", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("plugin_connection_enabled", sa.Boolean(), nullable=True),
        sa.Column("two_way_sync_enabled", sa.Boolean(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("synced", sa.JSON(), nullable=True),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["site_integrations.id"],
            name=op.f("fk_site_structures_integration_id_site_integrations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("integration_id", name=op.f("pk_site_structures")),
    )
    op.create_table(
        "sync_counters",
        sa.Column("integration_id", sa.Integer(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("succeeded", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["site_integrations.id"],
            name=op.f("fk_sync_counters_integration_id_site_integrations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "integration_id", "hour", "direction", name=op.f("pk_sync_counters")
        ),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.add_column(sa.Column("user_id", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("role", sa.String(length=32), server_default="admin", nullable=False)
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_api_tokens_user_id_users"),
            "users",
            ["user_id"],
            ["id"],
            ondelete="CASCADE",
        )

    with op.batch_alter_table("publications", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("remote_modified_at", sa.DateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("remote_sequence", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("remote_seen_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("remote_metadata", sa.JSON(), nullable=True))
        batch_op.create_index(
            "ix_publications_published",
            ["integration_id", "content_id"],
            unique=False,
            postgresql_where=sa.text("state = 'published'"),
            sqlite_where=sa.text("state = 'published'"),
        )
        batch_op.create_index(
            "ix_publications_integration_id_external_id",
            ["integration_id", "external_id"],
            unique=False,
            postgresql_where=sa.text("external_id IS NOT NULL"),
            sqlite_where=sa.text("external_id IS NOT NULL"),
        )

    with op.batch_alter_table("sites", schema=None) as batch_op:
        batch_op.add_column(sa.Column("next_api_key", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("next_api_key_digest", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("previous_api_key_digest", sa.String(), nullable=True))
        batch_op.add_column(
            sa.Column("previous_api_key_until", sa.DateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("webhook_secret", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "require_signature", sa.Boolean(), server_default=sa.false(), nullable=False
            )
        )
        batch_op.add_column(
            sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
        # Indexes, no constraints: SQLite would copy the table for those.
        batch_op.create_index(
            op.f("ix_sites_next_api_key_digest"), ["next_api_key_digest"], unique=True
        )
        batch_op.create_index(
            op.f("ix_sites_previous_api_key_digest"), ["previous_api_key_digest"], unique=True
        )

    with op.batch_alter_table("sync_events", schema=None) as batch_op:
        batch_op.create_index(
            "ix_sync_events_integration_id_id", ["integration_id", "id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("sync_events", schema=None) as batch_op:
        batch_op.drop_index("ix_sync_events_integration_id_id")

    with op.batch_alter_table("sites", schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_sites_previous_api_key_digest"))
        batch_op.drop_index(op.f("ix_sites_next_api_key_digest"))
        batch_op.drop_column("is_active")
        batch_op.drop_column("require_signature")
        batch_op.drop_column("webhook_secret")
        batch_op.drop_column("previous_api_key_until")
        batch_op.drop_column("previous_api_key_digest")
        batch_op.drop_column("next_api_key_digest")
        batch_op.drop_column("next_api_key")

    with op.batch_alter_table("publications", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_publications_integration_id_external_id",
            postgresql_where=sa.text("external_id IS NOT NULL"),
            sqlite_where=sa.text("external_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_publications_published",
            postgresql_where=sa.text("state = 'published'"),
            sqlite_where=sa.text("state = 'published'"),
        )
        batch_op.drop_column("remote_metadata")
        batch_op.drop_column("remote_seen_at")
        batch_op.drop_column("remote_sequence")
        batch_op.drop_column("remote_modified_at")

    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_api_tokens_user_id_users"), type_="foreignkey")
        batch_op.drop_column("role")
        batch_op.drop_column("user_id")

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_column("suspended_at")

    op.drop_table("sync_counters")
    op.drop_table("site_structures")
    with op.batch_alter_table("site_runs", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_site_runs_open",
            postgresql_where=sa.text("state IN ('queued', 'running')"),
            sqlite_where=sa.text("state IN ('queued', 'running')"),
        )
        batch_op.drop_index(
            "ix_site_runs_open",
            postgresql_where=sa.text("state IN ('queued', 'running')"),
            sqlite_where=sa.text("state IN ('queued', 'running')"),
        )
        batch_op.drop_index("ix_site_runs_integration_id_created_at")

    op.drop_table("site_runs")
    op.drop_table("capabilities")
    op.drop_table("plugin_installations")
    with op.batch_alter_table("inbox_messages", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_inbox_messages_waiting",
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        )
        batch_op.drop_index(
            "ix_inbox_messages_reading",
            postgresql_where=sa.text("state = 'reading'"),
            sqlite_where=sa.text("state = 'reading'"),
        )

    op.drop_table("inbox_messages")
    op.drop_table("users")
    op.drop_table("idempotency_keys")
    op.drop_table("watermarks")
