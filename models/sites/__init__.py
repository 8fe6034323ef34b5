"""A site as rows: its connection, keys, condition, structure, and how well its sync goes."""
