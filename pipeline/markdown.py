"""Markdown -> HTML: CommonMark with tables and strikethrough; HTML in it passes through."""

from markdown_it import MarkdownIt

from pipeline.imported import ImportProblem

NESTING = 50
"""Levels; the library leaves out what lies deeper, and by default that is ten nested lists."""

_MARKDOWN = MarkdownIt("commonmark", {"html": True, "maxNesting": NESTING}).enable(
    ["table", "strikethrough"]
)


def render(source: str) -> str:
    """Return the HTML, not sanitised.

    Raises:
        ImportProblem: links or pictures stand inside one another without end.
    """
    try:
        return str(_MARKDOWN.render(source))
    except RecursionError:
        raise ImportProblem("the text is nested too deeply to be read as Markdown") from None
