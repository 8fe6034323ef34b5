"""What we decide: pure functions (see README.md in this folder for the rule)."""
