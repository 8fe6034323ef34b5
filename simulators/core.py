"""As much of WordPress itself as it takes to look at a site from outside: REST lists and pages."""

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from simulators.messages import (
    Answer,
    Json,
    Request,
    html_answer,
    invalid_parameter,
    json_answer,
    no_route,
    refusal,
)
from simulators.store import Media, Post, Store, Term

NAMESPACES = ["oembed/1.0", "igny8/v1", "wp/v2"]
MOST_PER_PAGE = 100
UPLOADS = "/wp-content/uploads/"

TAXONOMIES = {"categories": "category", "tags": "post_tag"}


class Core:
    def __init__(self, store: Store) -> None:
        self._store = store

    def rest(self, request: Request, route: str) -> Answer:
        """Answer a core REST route; raises Refused."""
        if request.method not in {"GET", "HEAD"}:
            raise no_route()
        if route == "/":
            return json_answer(self._index())
        if named := re.fullmatch(r"/wp/v2/types/(\w+)", route):
            return json_answer(_type(named[1]))
        found = re.fullmatch(r"/wp/v2/(posts|pages|media|categories|tags)(?:/(\d+))?", route)
        if found is None:
            raise no_route()
        kind, id_ = found.groups()
        with self._store.lock:
            rows = self._rows(kind)
            return _one(kind, rows, int(id_)) if id_ else _page(kind, rows, request)

    def page(self, request: Request) -> Answer:
        """Answer a browser: a post's page, a picture's bytes, the home page."""
        with self._store.lock:
            if request.path.startswith(UPLOADS):
                return self._file(request.path.removeprefix(UPLOADS))
            if request.path == "/":
                return self._home(request.query.get("p", ""))
            id_ = self._store.slugs.get(quote(request.path.strip("/")).lower(), 0)
            post = self._store.posts.get(id_)
            if post is None or post.status != "publish":
                return html_answer("<h1>Page not found</h1>", HTTPStatus.NOT_FOUND)
            title = f"<h1>{_shown(post.title)}</h1>"
            return html_answer(f"<article>{title}{post.content}</article>")

    def _home(self, id_: str) -> Answer:
        """Return the home page, or the way to the post that ``?p=`` names."""
        public = [post for post in self._store.posts.values() if post.status == "publish"]
        if not id_:
            links = "".join(f'<li><a href="{p.link}">{_shown(p.title)}</a></li>' for p in public)
            return html_answer(f"<h1>A simulated site</h1><ul>{links}</ul>")
        for post in public:
            if id_ == str(post.id):
                return html_answer("", HTTPStatus.MOVED_PERMANENTLY, Location=post.link)
        return html_answer("<h1>Page not found</h1>", HTTPStatus.NOT_FOUND)

    def _file(self, name: str) -> Answer:
        for media in self._store.media.values():
            if media.file_name == name:
                return Answer(HTTPStatus.OK, media.data, media.mime_type)
        return html_answer("<h1>Page not found</h1>", HTTPStatus.NOT_FOUND)

    def _index(self) -> Json:
        return {
            "name": "A simulated site",
            "description": "",
            "url": self._store.url,
            "home": self._store.url,
            "gmt_offset": 1,
            "timezone_string": "Europe/Berlin",
            "namespaces": NAMESPACES,
            "authentication": {},
            "routes": {},
        }

    def _rows(self, kind: str) -> list[Json]:
        """Return what the public sees, in WordPress's order: newest first, terms by name."""
        if kind == "posts":
            public = [post for post in self._store.posts.values() if post.status == "publish"]
            return [_post(post) for post in sorted(public, key=lambda p: p.id, reverse=True)]
        if kind == "pages":
            return []
        if kind == "media":
            media = sorted(self._store.media.values(), key=lambda m: m.id, reverse=True)
            return [_media(item, self._store.url) for item in media]
        terms = [t for t in self._store.terms.values() if t.taxonomy == TAXONOMIES[kind]]
        return [self._term(term) for term in sorted(terms, key=lambda t: t.name.lower())]

    def _term(self, term: Term) -> Json:
        posts = [p for p in self._store.posts.values() if p.status == "publish"]
        facts = {
            "id": term.id,
            "count": sum(term.id in (*p.categories, *p.tags) for p in posts),
            "description": "",
            "name": term.name,
            "slug": term.slug,
            "taxonomy": term.taxonomy,
        }
        base = "category" if term.taxonomy == "category" else "tag"
        facts["link"] = f"{self._store.url}/{base}/{term.slug}/"
        return facts | ({"parent": term.parent} if base == "category" else {})


TYPES = {"post": "posts", "page": "pages", "attachment": "media"}


def _type(name: str) -> Json:
    if name not in TYPES:
        raise refusal("rest_type_invalid", HTTPStatus.NOT_FOUND, "Invalid post type.")
    return {"slug": name, "rest_base": TYPES[name], "rest_namespace": "wp/v2"}


def _shown(title: str) -> str:
    """Return a title the way WordPress renders it; curly quotes are left out."""
    return html.unescape(title).replace("&", "&#038;")


def _post(post: Post) -> Json:
    return {
        "id": post.id,
        "date_gmt": post.created_gmt.removesuffix("Z"),
        "modified_gmt": post.modified_gmt.removesuffix("Z"),
        "slug": post.slug,
        "status": post.status,
        "type": "post",
        "link": post.link,
        "title": {"rendered": _shown(post.title)},
        "content": {"rendered": post.content, "protected": False},
        "excerpt": {"rendered": f"<p>{html.escape(post.excerpt)}</p>\n", "protected": False},
        "featured_media": post.featured_media,
        "categories": post.categories,
        "tags": post.tags,
    }


def _media(media: Media, url: str) -> Json:
    name = media.file_name.rpartition(".")[0]
    return {
        "id": media.id,
        "slug": name.lower(),
        "status": "inherit",
        "type": "attachment",
        "link": f"{url}/{name.lower()}/",
        "title": {"rendered": name},
        "alt_text": media.alt,
        "media_type": "image",
        "mime_type": media.mime_type,
        "source_url": media.media_url,
    }


def _one(kind: str, rows: Sequence[Json], id_: int) -> Answer:
    for row in rows:
        if row["id"] == id_:
            return json_answer(row)
    code = "rest_term_invalid" if kind in TAXONOMIES else "rest_post_invalid_id"
    raise refusal(code, HTTPStatus.NOT_FOUND, "Invalid ID.")


def _page(kind: str, rows: list[Json], request: Request) -> Answer:
    rows = [row for row in rows if _is_asked_for(row, request)]
    size = _number(request, "per_page", 10, lambda n: 1 <= n <= MOST_PER_PAGE)
    page = _number(request, "page", 1, lambda n: n >= 1)
    pages = -(-len(rows) // size)
    if page > max(pages, 1) and kind not in TAXONOMIES:
        raise refusal(
            "rest_post_invalid_page_number",
            HTTPStatus.BAD_REQUEST,
            "The page number requested is larger than the number of pages available.",
        )
    fields = [name for name in request.query.get("_fields", "").split(",") if name]
    shown = rows[(page - 1) * size : page * size]
    answer = json_answer([_only(row, fields) for row in shown] if fields else shown)
    totals = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)}
    return replace(answer, headers=totals)


def _is_asked_for(row: Json, request: Request) -> bool:
    """Whether the filters let a row through: slug, include, parent, categories and tags."""
    for name, column in (("slug", "slug"), ("include", "id"), ("parent", "parent")):
        wanted = request.query.get(name)
        if wanted is not None and str(row.get(column)) not in wanted.split(","):
            return False
    for name in TAXONOMIES:
        wanted = request.query.get(name)
        if wanted is not None and not set(map(str, row.get(name, ()))) & set(wanted.split(",")):
            return False
    return True


def _number(request: Request, name: str, default: int, is_fine: Callable[[int], bool]) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal() or not is_fine(int(text)):
        raise invalid_parameter(name, "an integer in its bounds")
    return int(text)


def _only(row: Json, fields: Sequence[str]) -> Json:
    """Return the fields asked for; ``title.rendered`` names one inside another."""
    out: Json = {}
    for name in (field.strip() for field in fields):
        outer, _, inner = name.partition(".")
        value: Any = row.get(outer)
        if outer not in row:
            continue
        if inner and isinstance(value, dict):
            out.setdefault(outer, {}).update({k: v for k, v in value.items() if k == inner})
        else:
            out[outer] = value
    return out
