"""The chain of a publication: claimed, built, sent, read back."""
