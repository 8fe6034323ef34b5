"""The chain of webhooks: read, asked for where they can't settle it, applied."""
