"""What is done for a site: its tests, structure, keys, census, and its pace."""
