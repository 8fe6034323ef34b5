"""Row ids on the command line: what PostgreSQL would refuse is refused while words are read."""

LARGEST_ID = 2**31 - 1
"""`models.base` has the same. Reading words must not load the tables, which takes a second."""
