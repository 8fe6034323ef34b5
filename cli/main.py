"""The `igny8` application: its global options, its commands, and how its errors end."""

import tomllib
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from cli.guard import GuardedGroup
from cli.output import Output, use_output

MODULES = (
    "stack",
    "database",
    "doctor",
    "accounts",
    "users",
    "tokens",
    "keys",
    "sites",
    "contents",
    "publishing",
    "bulk",
    "schedule",
    "census",
    "inbox",
    "demo",
)
"""Each has `register(app)`, which adds its commands, and imports what is heavy inside them."""

ROOT = Path(__file__).resolve().parents[1]

app = typer.Typer(
    cls=GuardedGroup,
    no_args_is_help=True,
    # Its boxes would show local variables, and with them a key.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Publishes articles to WordPress sites, each exactly once.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        typer.echo(f"igny8 {project['version']}")
        raise typer.Exit


@app.callback()
def _options(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of words.")
    ] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    use_output(Output(as_json=as_json))


for _module in MODULES:
    import_module(f"cli.{_module}").register(app)
