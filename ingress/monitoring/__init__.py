"""What watchers ask for: health and metrics."""
