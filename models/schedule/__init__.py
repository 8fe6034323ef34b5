"""A site's schedule as rows: what comes in, is planned, comes due, and is missed."""
