"""`igny8 site`: the sites we publish to, their keys, and whether they are well."""

from typing import Annotated

import typer

site = typer.Typer(no_args_is_help=True, help="The sites we publish to.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(site, name="site")


@site.command("add")
def add_site(  # noqa: PLR0913, PLR0917 - a command's options
    url: Annotated[str, typer.Argument(help="Where the site is, like https://example.com.")],
    key: Annotated[str | None, typer.Option(help="The key the site's plugin has.")] = None,
    key_stdin: Annotated[bool, typer.Option("--key-stdin", help="Read the key there.")] = False,
    generate_key: Annotated[
        bool, typer.Option("--generate-key", help="Make a key, to be entered in the plugin.")
    ] = False,
    name: Annotated[str | None, typer.Option(help="What you call it; else its host.")] = None,
    account: Annotated[str, typer.Option(help="Whose it is; made when missing.")] = "default",
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="It may have a private address.")
    ] = False,
    check: Annotated[bool, typer.Option(help="Look whether it answers.")] = True,
) -> None:
    """Add a site, or give a site its new key; then look whether it answers."""
    from cli.site_commands import Asked, add_site

    add_site(Asked(url, key, key_stdin, generate_key, name, account, allow_private, check))


@site.command("list")
def list_sites() -> None:
    """Show every site, and whether it is well."""
    from cli.site_commands import list_sites

    list_sites()


@site.command("check")
def check_sites(
    chosen: Annotated[
        str | None, typer.Argument(metavar="[SITE]", help="Its id or URL; all when left out.")
    ] = None,
) -> None:
    """Ask a site, or all of them, how they are; one that is well again goes on with its work."""
    from cli.site_commands import check_sites

    check_sites(chosen)
