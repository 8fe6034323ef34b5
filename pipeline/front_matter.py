"""An article's front matter: the YAML between two lines of `---`, told from the body under it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from pipeline.imported import ImportProblem

if TYPE_CHECKING:
    from yaml import SafeLoader as FastestLoader
else:
    FastestLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

SIZE_LIMIT = 65_536
"""Characters; the reading of YAML is not linear in all its corners."""

DEPTH_LIMIT = 10
"""Levels; our deepest field has four."""

FENCED = re.compile(
    r"---[ \t]*\n(?P<yaml>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
QUOTE_IT = "a value that starts with *, & or ! needs quotes around it"
HINTS = {
    "scanning an alias": QUOTE_IT,
    "scanning an anchor": QUOTE_IT,
    "scanning a tag": QUOTE_IT,
    "mapping values are not allowed": "a value with a colon in it needs quotes",
    "could not find expected ':'": "every line is a name, a colon, a space and a value",
    "cannot start any token": "indent with spaces, not tabs, and quote values starting with @ or `",
    "block end": "check the indentation and the quotes here and in the line above",
    "block mapping": "check the indentation and the quotes here and in the line above",
    "unexpected end of stream": "a quote is opened and never closed",
}


class TextLoader(FastestLoader):
    """Reads every plain value as text: `1984`, `yes` and `12:30` are titles, not numbers."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML types it as the instance's
        first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
        for first, resolvers in FastestLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The fields of an article, where each stands, and the body that follows them."""

    body: str
    values: Mapping[str, Any] = field(default_factory=dict)
    """Text, None, lists and mappings of such."""

    lines: Mapping[str, int] = field(default_factory=dict)


def split_front_matter(text: str) -> FrontMatter:
    """Return the fields and the body of an article with Unix line ends; no fields are fine.

    Raises:
        ImportProblem: the front matter isn't closed, too long, no YAML, or plays with aliases.
    """
    if not re.match(r"---[ \t]*(\n|\Z)", text):
        return FrontMatter(text)
    found = FENCED.match(text)
    if found is None:
        raise ImportProblem("the front matter is opened by --- but no second --- closes it", 1)
    if len(found["yaml"]) > SIZE_LIMIT:
        raise ImportProblem(f"the front matter is longer than {SIZE_LIMIT:,} characters", 1)
    try:
        _refuse_tricks(found["yaml"])
        values, lines = _read(found["yaml"])
    except yaml.MarkedYAMLError as error:
        raise ImportProblem(_explain(error), _line(_place(error))) from None
    except yaml.reader.ReaderError as error:
        before = found["yaml"].encode()[: error.position]
        message = "the front matter holds a character that YAML does not allow"
        raise ImportProblem(message, before.count(b"\n") + 2) from None
    return FrontMatter(text[found.end() :], values, lines)


def _refuse_tricks(text: str) -> None:
    """Refuse aliases (a kilobyte of them can mean gigabytes), tags, and depth."""
    depth = 0
    for event in yaml.parse(text, Loader=TextLoader):
        if getattr(event, "anchor", None) or getattr(event, "tag", None):
            raise ImportProblem(QUOTE_IT, _line(event.start_mark))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_LIMIT:
            raise ImportProblem("the front matter is nested too deeply", _line(event.start_mark))


def _read(text: str) -> tuple[dict[str, Any], dict[str, int]]:
    loader = TextLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return {}, {}
        if not isinstance(root, yaml.MappingNode):
            message = "the front matter must be lines like `title: A day in Berlin`"
            raise ImportProblem(message, _line(root.start_mark))
        lines = _lines(root)
        return loader.construct_document(root), lines
    finally:
        loader.dispose()


def _lines(root: yaml.MappingNode) -> dict[str, int]:
    lines: dict[str, int] = {}
    for key, _ in root.value:
        line = _line(key.start_mark)
        if not isinstance(key, yaml.ScalarNode) or not key.value:
            raise ImportProblem("the name of a field must be a plain word", line)
        if key.value in lines:
            message = f"{key.value[:40]!r} stands here again; it was set in line {lines[key.value]}"
            raise ImportProblem(message, line)
        lines[key.value] = line or 1
    return lines


def _explain(error: yaml.MarkedYAMLError) -> str:
    words = ", ".join(filter(None, (error.context, error.problem)))
    hint = next((hint for part, hint in HINTS.items() if part in words), None)
    return f"the front matter is not valid YAML ({words})" + (f"; {hint}" if hint else "")


def _place(error: yaml.MarkedYAMLError) -> Any:
    """Return the mark that helps: for an open quote where it opens, not where the text ends."""
    is_open_quote = "unexpected end of stream" in (error.problem or "")
    return error.context_mark if is_open_quote else error.problem_mark


def _line(mark: Any) -> int | None:
    """Return the line of the file: marks count from 0, and the first line is `---`."""
    return None if mark is None else mark.line + 2
