"""Webhooks as rows: kept, claimed, matched, replayed."""
