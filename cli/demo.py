"""`igny8 demo`: the whole engine and a real WordPress, shown with the sample articles."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.exits import Exit
from cli.output import output

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Stop everything at the end.")] = False,
    simulator: Annotated[
        bool, typer.Option("--simulator", help="Publish to the simulator, not to a WordPress.")
    ] = False,
    site: Annotated[str | None, typer.Option(help="Publish to this site instead.")] = None,
    key: Annotated[str | None, typer.Option(help="The key of --site.")] = None,
) -> None:
    """Put up a WordPress and the engine, publish the sample articles, and show where they are."""
    from cli.demo_sites import chosen_site

    began = time.monotonic()
    from embedded.signals import as_interrupts

    with (
        as_interrupts() as interrupts,
        contextlib.ExitStack() as stack,
        ThreadPoolExecutor(1) as beside,
    ):
        # The site in a thread beside: it waits for apt, the engine for its own programs.
        coming = beside.submit(stack.enter_context, chosen_site(site, key, simulator=simulator))
        running = stack.enter_context(_engine(interrupts.in_a_hurry))
        place = coming.result()
        _say(began, f"engine: http://{running.host}:{running.port}/docs")
        published = _publish(place.url, place.key)
        failures = _report(place, published, running, began)
        if not once:
            _wait_for_end(began)
    output().line(f"published {len(published) - len(failures)}, failed {len(failures)}")
    if failures:
        raise typer.Exit(Exit.FAILED)


@contextlib.contextmanager
def _engine(in_a_hurry: Callable[[], bool]) -> Iterator[Any]:
    import settings
    from embedded.supervisor import Stack

    known = settings.current()
    # The WordPress of the demo is on this machine, which is otherwise refused.
    known.allowed_private_hosts |= {"127.0.0.1"}
    with Stack(known, quiet=True, in_a_hurry=in_a_hurry):
        yield known


def _publish(url: str, key: str) -> list[dict[str, Any]]:
    """Do what a user would type, and say it; return what became of each article."""
    _igny8(
        "site", "add", url, "--key", key, "--name", "Demo", shown=("site", "add", url, "--key", "…")
    )
    _igny8("content", "import", str(SAMPLES), "--site", url)
    _igny8("publish", "--all", "--site", url, "--wait")
    return _articles(url)


def _igny8(*words: str, shown: tuple[str, ...] | None = None) -> None:
    from cli.main import app

    output().line(f"\n$ igny8 {' '.join(shown or words)}")
    app(list(words), standalone_mode=False)


def _articles(url: str) -> list[dict[str, Any]]:
    import sqlalchemy as sa

    from models import Content, Publication, Site
    from models.session import session_scope

    with session_scope(read_only=True) as session:
        rows = session.execute(
            sa.select(Content, Publication)
            .join(Site, Site.id == Content.site_id)
            .outerjoin(Publication, Publication.content_id == Content.id)
            .where(Site.url == url)
            .order_by(Content.id)
        )
        return [
            {
                "content_id": content.id,
                "title": content.title,
                "state": publication.state.value if publication else "not accepted",
                "post_id": publication.external_id if publication else None,
                "url": publication.external_url if publication else None,
                "failure": publication.failure if publication else None,
            }
            for content, publication in rows
        ]


def _report(place: Any, articles: list[dict[str, Any]], known: Any, began: float) -> list[Any]:
    """Check through the site's own API that each article is there once; say where to look."""
    from cli.demo_sites import posts_by_id

    seen = posts_by_id(place.url)
    for article in articles:
        article["at_the_site"] = seen.count(str(article["post_id"]))
    failures = [
        article
        for article in articles
        if article["state"] != "published" or article["at_the_site"] != 1
    ]
    seconds = round(time.monotonic() - began, 1)
    path = known.data_dir / "demo.json"
    path.write_text(
        json.dumps(
            {"site": place.url, "seconds": seconds, "articles": articles},
            indent=2,
            ensure_ascii=False,
        )
    )
    say = output().line
    say(
        f"\n{len(articles) - len(failures)} of {len(articles)} articles "
        f"stand at {place.url} once each"
    )
    say(f"{place.login}  ·  API http://{known.host}:{known.port}/docs")
    say(f"Flower http://127.0.0.1:{known.flower_port}/ ({_flower_login(known)})  ·  {path}")
    _say(began, "done")
    return failures


def _flower_login(known: Any) -> str:
    from embedded.supervisor import flower_login

    return flower_login(known)


def _wait_for_end(began: float) -> None:
    output().line("\nCtrl-C stops everything, in order.")
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)


def _say(began: float, text: str) -> None:
    output().line(f"[{time.monotonic() - began:5.1f} s] {text}")
