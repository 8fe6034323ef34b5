"""The `igny8` command: what an operator types."""
