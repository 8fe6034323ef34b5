"""Files of articles -> drafts: Markdown or HTML with front matter, and JSONL, one a line.

Takes names and bytes; finding and reading the files is the caller's part.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from pipeline.bodies import inside_page, pictures_in, shows_something, split_heading
from pipeline.front_matter import split_front_matter
from pipeline.import_fields import UNSTORABLE, Fields
from pipeline.imported import Draft, ImportProblem, Picture
from pipeline.markdown import render

__all__ = ["SUFFIXES", "Draft", "ImportProblem", "Picture", "read_article", "read_file"]

MARKDOWN, HTML, LINES = (".md", ".markdown"), (".html", ".htm"), (".jsonl", ".ndjson")
SUFFIXES = frozenset({*MARKDOWN, *HTML, *LINES})
"""The endings of names that can be imported, in lower case."""

BOM = b"\xef\xbb\xbf"
UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


def read_file(name: str, data: bytes, *, max_bytes: int) -> Iterator[Draft | ImportProblem]:
    """Yield what a file holds, in its order; one bad line of a JSONL file spoils no other.

    Args:
        name: the file's path below the imported folder, with `/`; it becomes the import key.
        data: the file's bytes, UTF-8 with or without BOM.
        max_bytes: how long one body may be, in UTF-8, before and after it became HTML.
    """
    try:
        if name.lower().endswith(LINES):
            _refuse_foreign(name, data)
            yield from _read_lines(name, data, max_bytes)
        else:
            yield read_article(name, data, max_bytes=max_bytes)
    except ImportProblem as problem:
        yield problem


def read_article(name: str, data: bytes, *, max_bytes: int) -> Draft:
    """Return the draft in one Markdown or HTML file; arguments as in :func:`read_file`.

    A missing title is taken from the first h1, which then leaves the body: a site's theme shows
    the title above it.

    Raises:
        ImportProblem: it can't be imported, with the reason and the line where known.
    """
    _refuse_foreign(name, data)
    if not name.lower().endswith((*MARKDOWN, *HTML)):
        known = ", ".join(sorted(SUFFIXES))
        raise ImportProblem(f"this kind of file is unknown; known are {known}")
    text = re.sub(r"\r\n?", "\n", _decode(data))
    parts = split_front_matter(text)
    fields = Fields(parts.values, parts.lines)
    fields.warn_of_unknown()
    return _draft(name, fields, parts.body, name.lower().endswith(MARKDOWN), max_bytes)


def _refuse_foreign(name: str, data: bytes) -> None:
    if UNSTORABLE.search(name):
        raise ImportProblem("the file's name is not valid UTF-8; rename the file")
    if data.startswith(UTF16_BOMS):
        raise ImportProblem("the file is in UTF-16; save it as UTF-8")


def _decode(data: bytes, line: int | None = None, offset: int = 0) -> str:
    """Return the text; ``offset`` is where the bytes begin in their file."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        where = line or data.count(b"\n", 0, error.start) + 1
        byte = f"byte {offset + error.start} (0x{data[error.start]:02x})"
        raise ImportProblem(f"{byte} is not valid UTF-8; save the file as UTF-8", where) from None
    if "\0" in text:
        where = line or text.count("\n", 0, text.index("\0")) + 1
        raise ImportProblem("there is a NUL byte; is this a text file?", where)
    return text.removeprefix("\ufeff")


def _draft(key: str, fields: Fields, body: str, is_markdown: bool, max_bytes: int) -> Draft:
    _refuse_long(body, fields, max_bytes)
    html = render(body) if is_markdown else inside_page(body)
    title = fields.one_line("title")
    if not title:
        heading = split_heading(html)
        if heading is None:
            message = "there is no title: add `title:` to the front matter, or a first heading"
            raise fields.problem("title", message)
        title, html = heading
    if not shows_something(html):
        raise fields.problem("body", "the body is empty")
    _refuse_long(html, fields, max_bytes)
    return Draft(
        import_key=key,
        title=title,
        html=html,
        slug=fields.one_line("slug"),
        status=fields.status(),
        seo_title=fields.one_line("seo_title"),
        seo_description=fields.one_line("seo_description"),
        primary_keyword=fields.one_line("primary_keyword"),
        secondary_keywords=fields.words("secondary_keywords"),
        cluster=fields.one_line("cluster"),
        categories=fields.paths("categories"),
        tags=fields.words("tags"),
        featured=fields.picture("featured_image"),
        gallery=fields.pictures("gallery"),
        inline=_inline(html, fields),
        warnings=tuple(fields.warnings),
    )


def _refuse_long(body: str, fields: Fields, max_bytes: int) -> None:
    size = len(body.encode())
    if size > max_bytes:
        message = f"the body has {size / 1e6:.2f} MB; the limit is {max_bytes / 1e6:.2f} MB"
        raise fields.problem("body", message)


def _inline(html: str, fields: Fields) -> tuple[Picture, ...]:
    found: dict[str, Picture] = {}
    embedded = 0
    for picture in pictures_in(html):
        if picture.src[:5].lower() == "data:":
            embedded += 1
        else:
            found.setdefault(picture.src, picture)
    if embedded:
        what = "a picture is" if embedded == 1 else f"{embedded} pictures are"
        fields.warnings.append(
            f"{what} embedded in the text as data: and left out; save pictures as files"
        )
    return tuple(found.values())


def _read_lines(name: str, data: bytes, max_bytes: int) -> Iterator[Draft | ImportProblem]:
    offset = 0
    keys: dict[str, int] = {}
    for number, line in enumerate(data.split(b"\n"), start=1):
        content = line.removeprefix(BOM) if number == 1 else line
        if content.strip():
            try:
                start = offset + len(line) - len(content)
                draft = _read_line(name, _decode(content, number, start), number, max_bytes)
                _refuse_second(draft.import_key, keys, number)
                yield draft
            except ImportProblem as problem:
                yield problem if problem.line else ImportProblem(str(problem), number)
        offset += len(line) + 1


def _refuse_second(key: str, keys: dict[str, int], number: int) -> None:
    first = keys.setdefault(key, number)
    if first != number:
        raise ImportProblem(f"line {first} has the same import_key", number)


def _read_line(name: str, text: str, number: int, max_bytes: int) -> Draft:
    """Return the draft of one line: the fields of front matter, and `body` (Markdown) or `html`.

    Its import key is the file's name with the object's `import_key`, else with the line number.
    """
    fields = Fields(_object(text, number), {}, number)
    fields.warn_of_unknown("import_key", "body", "html")
    markdown, html = fields.raw_text("body"), fields.raw_text("html")
    if markdown and html:
        raise ImportProblem("there are both body and html; one of them must go", number)
    key = f"{name}#{fields.one_line('import_key') or number}"
    return _draft(key, fields, markdown or html or "", not html, max_bytes)


def _object(text: str, number: int) -> dict[str, Any]:
    try:
        values = json.loads(text, parse_int=float)
    except json.JSONDecodeError as error:
        message = f"not valid JSON: {error.msg} at column {error.colno}"
        raise ImportProblem(message, number) from None
    except RecursionError:
        raise ImportProblem("the JSON is nested too deeply", number) from None
    if not isinstance(values, dict):
        raise ImportProblem("every line must be a JSON object: {…}", number)
    return values
