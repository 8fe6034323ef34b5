"""`igny8 site`: the sites we publish to, their keys, and whether they are well."""

from typing import Annotated

import typer

from cli.publishing import AccountOption, AfterOption, LimitOption, ProblemOption

site = typer.Typer(no_args_is_help=True, help="The sites we publish to.")


OverlapHours = Annotated[
    int, typer.Option(min=0, max=168, help="How long the old key goes on being accepted.")
]


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
    replace: Annotated[
        bool, typer.Option("--replace", help="Though the site works with the key it has.")
    ] = False,
    overlap_hours: OverlapHours = 24,
) -> None:
    """Add a site, or give a site its new key; then look whether it answers.

    A key in use is changed without a gap by `igny8 site rotate-key`.
    """
    from cli.site_commands import Asked, add_site

    given = (url, key, key_stdin, generate_key, name, account)
    add_site(Asked(*given, allow_private, check, replace, overlap_hours))


@site.command("list")
def list_sites(
    account: AccountOption = None,
    problem: ProblemOption = False,
    after: AfterOption = 0,
    limit: LimitOption = 1000,
) -> None:
    """Show sites, and whether they are well; `next` is what --after takes to see the rest."""
    from cli.site_list import list_sites
    from cli.site_pages import Asked

    list_sites(Asked(None, account, problem, after, limit))


@site.command("check")
def check_sites(
    chosen: Annotated[
        str | None, typer.Argument(metavar="[SITE]", help="Its id or URL; all when left out.")
    ] = None,
) -> None:
    """Ask a site, or all that are on, how they are; one that is well again goes on."""
    from cli.site_commands import check_sites

    check_sites(chosen)


@site.command("switch-on")
def switch_on(
    chosen: Annotated[str, typer.Argument(metavar="SITE", help="Its id or URL.")],
) -> None:
    """Let a site's work go out, and its plugin in, again."""
    from cli.site_switching import switch_site

    switch_site(chosen, on=True)


@site.command("switch-off")
def switch_off(
    chosen: Annotated[str, typer.Argument(metavar="SITE", help="Its id or URL.")],
) -> None:
    """Keep all work of a site back, and its plugin out, until it is switched on."""
    from cli.site_switching import switch_site

    switch_site(chosen, on=False)


@site.command("move")
def move_site(
    chosen: Annotated[str, typer.Argument(metavar="SITE", help="Its id or URL.")],
    url: Annotated[str, typer.Argument(help="Where it is from now on.")],
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="It may have a private address.")
    ] = False,
) -> None:
    """Say that a site has another address: its key goes there, and its plugin is let in there."""
    from cli.site_moving import move_site

    move_site(chosen, url, allow_private=allow_private)


@site.command("pace")
def set_pace(
    chosen: Annotated[str, typer.Argument(metavar="SITE", help="Its id or URL.")],
    posts_per_minute: Annotated[
        float | None, typer.Option(min=0, max=6000, help="At most; 0: no limit of its own.")
    ] = None,
    burst: Annotated[
        int | None, typer.Option(min=0, max=6000, help="Of these at once; else a minute's posts.")
    ] = None,
    requests: Annotated[
        int | None, typer.Option(min=0, max=32, help="At a time; 0: as many as every site gets.")
    ] = None,
) -> None:
    """Say how much a site gets at most, or change it; the next post keeps to it."""
    from cli.site_pace import set_pace

    set_pace(
        chosen,
        {"posts_per_minute": posts_per_minute, "burst": burst, "requests_per_site": requests},
    )


@site.command("rotate-key")
def rotate_key(
    chosen: Annotated[str, typer.Argument(metavar="SITE", help="Its id or URL.")],
    overlap_hours: OverlapHours = 24,
    wait: Annotated[
        float, typer.Option(min=0, max=3600, help="Seconds to wait for its end; 0: don't.")
    ] = 60.0,
) -> None:
    """Give a site and its plugin a new key without a gap; whatever fails, the old one works."""
    from cli.site_key_change import rotate_key

    rotate_key(chosen, overlap_hours, wait)


@site.command("test")
def test_site(
    chosen: Annotated[str, typer.Argument(metavar="SITE", help="Its id or URL.")],
) -> None:
    """Test the connection layer by layer: what fails, whose it is, and what to do."""
    from cli.site_probe import test_site

    test_site(chosen)


@site.command("structure")
def show_structure(
    chosen: Annotated[str, typer.Argument(metavar="SITE", help="Its id or URL.")],
) -> None:
    """Fetch a site's post types and taxonomies now, and show them."""
    from cli.site_probe import show_structure

    show_structure(chosen)
