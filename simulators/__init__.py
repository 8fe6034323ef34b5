"""Stand-ins for the sites we publish to, with a dial for everything that goes wrong there."""
