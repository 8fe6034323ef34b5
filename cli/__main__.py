"""`python -m cli`: what bin/igny8 runs."""

from cli.main import app

app(prog_name="igny8")
