"""A publication from its acceptance to its end: claims, leases, outcomes, rescue."""
