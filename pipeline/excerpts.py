"""HTML -> the plain text an excerpt is made of, reading no further than it needs (S162)."""

import html
import re
import unicodedata

LENGTH = 150
"""Characters, as in S162."""

# One token: a comment, a raw-text element as a whole, a tag, or some text. Text comes in bounded
# pieces, so that a megabyte without a tag costs no more than its first lines.
TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(script|style|template|noscript|iframe|svg|math|head|title)\b[^>]*>.*?(?:</\1\s*>|\Z)"
    r"|<!\[CDATA\[.*?(?:\]\]>|\Z)"
    # Without '<' and with bounded quotes: tags that never end cost no more than their letters.
    r"|</?([a-zA-Z][^\s/<>]*+)(?:\"[^\"]{0,4000}\"|'[^']{0,4000}'|[^'\"<>])*+>"
    r"|<[!?][^>]*>"
    r"|([^<]{1,2000}|<)",
    re.DOTALL | re.IGNORECASE,
)
INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "font", "i", "ins"}
    | {"kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u"}
    | {"var", "wbr"}
)
JOINERS = frozenset("\u200d\ufe0e\ufe0f\u20e3")
"""Zero-width joiner, variation selectors, keycap: an emoji is not cut before or after them."""


def build_excerpt(source: str, length: int = LENGTH) -> str:
    """Return at most ``length`` characters of plain text, cut after a word.

    Tags that start a line become a space; scripts, styles and comments vanish; entities are
    read. Where the text has no spaces (Chinese, Japanese, Thai) it is cut between characters.
    """
    # A few more characters tell whether the cut falls inside a word or a character.
    text = _plain_start(source, length + 64)
    if len(text) <= length:
        return text
    return _cut(text, length)


def _plain_start(source: str, enough: int) -> str:
    # Entities are read run by run: a tag ends one (`&<b>amp;</b>` shows all its letters), the
    # end of a bounded piece does not.
    runs: list[list[str]] = [[]]
    held = 0
    for token in TOKEN.finditer(source):
        tag, text = token.group(2), token.group(3)
        if text is not None:
            runs[-1].append(text)
            held += len(" ".join(html.unescape(text).split()))
        else:
            runs.append([] if tag is not None and tag.lower() in INLINE else [" "])
        if held > enough:
            break
    return " ".join("".join(html.unescape("".join(run)) for run in runs).split())


def _cut(text: str, length: int) -> str:
    if text[length].isspace():
        return text[:length].rstrip()
    space = text.rfind(" ", 0, length)
    # A word longer than a third of the excerpt is no word: a language without spaces, or a URL.
    end = space if space >= length * 2 // 3 else _between_characters(text, length)
    return text[:end].rstrip()


def _between_characters(text: str, end: int) -> int:
    start = end
    while end > 0 and _continues(text, end):
        end -= 1
    return end or start  # one character with hundreds of marks: better cut than nothing


def _continues(text: str, at: int) -> bool:
    """Whether the character at ``at`` belongs to the one before it."""
    here, before = text[at], text[at - 1]
    if here in JOINERS or before == "\u200d" or "\U0001f3fb" <= here <= "\U0001f3ff":
        return True
    if "\U000e0020" <= here <= "\U000e007f":  # the letters of England's and Scotland's flags
        return True
    if _is_regional(here) and _is_regional(before):
        run = 0
        while run < at and _is_regional(text[at - 1 - run]):
            run += 1
        return run % 2 == 1
    return _is_mark(here)


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Mc", "Me"}
