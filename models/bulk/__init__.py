"""Bulk jobs as rows: made, fed, and how far they are."""
