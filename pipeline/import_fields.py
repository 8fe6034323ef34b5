"""The fields of an imported article: values as YAML or JSON bring them -> values of our types."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pipeline.imported import ImportProblem, Picture

STATUSES = ("draft", "review", "approved")
"""C29; `published` is not among them, as only a site's confirmation can say so (C20)."""

ONE_LINE = ("title", "slug", "seo_title", "seo_description", "primary_keyword", "cluster")
LISTS = ("secondary_keywords", "tags")
KNOWN = frozenset({*ONE_LINE, *LISTS, "status", "categories", "featured_image", "gallery"})
PICTURE_KEYS = frozenset({"src", "alt", "caption"})

# What neither PostgreSQL nor UTF-8 takes; escapes of YAML and JSON can spell both.
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(slots=True)
class Fields:
    """Reads the fields of one article; what it leaves out it says in ``warnings``."""

    values: Mapping[str, Any]
    lines: Mapping[str, int]
    line: int | None = None
    """For fields that have no line of their own."""

    warnings: list[str] = field(default_factory=list)

    def problem(self, name: str, message: str) -> ImportProblem:
        return ImportProblem(message, self.lines.get(name, self.line))

    def warn_of_unknown(self, *also_known: str) -> None:
        known = KNOWN.union(also_known)
        for name in self.values:
            if name in known:
                continue
            close = get_close_matches(str(name)[:40].lower(), known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            self._warn(str(name), f"the field {str(name)[:40]!r} is unknown and left out{hint}")

    def raw_text(self, name: str) -> str | None:
        """Return a text as written; None where it is missing or null."""
        return None if self.values.get(name) is None else self._text(name, self.values[name])

    def one_line(self, name: str) -> str:
        return " ".join((self.raw_text(name) or "").split())

    def status(self) -> str | None:
        """Return the status; None when the file leaves it to whoever keeps the content."""
        status = self.one_line("status").lower()
        if not status:
            return None
        if status not in STATUSES:
            message = f"the status {status[:40]!r} is unknown; it can be {', '.join(STATUSES)}"
            raise self.problem("status", message)
        return status

    def words(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; one text is cut at its commas."""
        value = self.values.get(name)
        if value is None:
            return ()
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, list):
            raise self.problem(name, f"{name} must be a list, like {name}: [Berlin, cycling]")
        texts = (" ".join(self._text(name, item).split()) for item in items if item is not None)
        return tuple(dict.fromkeys(filter(None, texts)))

    def paths(self, name: str) -> tuple[tuple[str, ...], ...]:
        """Return category paths: "Places > Berlin" is ("Places", "Berlin")."""
        paths = (
            tuple(filter(None, (part.strip() for part in text.split(">"))))
            for text in self.words(name)
        )
        return tuple(dict.fromkeys(filter(None, paths)))

    def picture(self, name: str) -> Picture | None:
        """Return a picture written as a path, an address, or {src, alt, caption}."""
        value = self.values.get(name)
        return None if value is None or value == "" else self._picture(name, value)

    def pictures(self, name: str) -> tuple[Picture, ...]:
        value = self.values.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            message = f"{name} must be a list of pictures: each a path, or src, alt and caption"
            raise self.problem(name, message)
        return tuple(self._picture(name, item) for item in value)

    def _picture(self, name: str, value: object) -> Picture:
        if isinstance(value, str):
            value = {"src": value}
        if not isinstance(value, dict):
            message = f"{name} must be a path, an address, or src, alt and caption"
            raise self.problem(name, message)
        for key in value.keys() - PICTURE_KEYS:
            self._warn(name, f"{name}: {str(key)[:40]!r} is unknown and left out")
        texts = {
            key: " ".join(self._text(f"{name}.{key}", text).split())
            for key, text in value.items()
            if key in PICTURE_KEYS and text is not None
        }
        if not texts.get("src"):
            raise self.problem(name, f"{name}: a picture needs src, its path or address")
        return Picture(**texts)

    def _text(self, name: str, value: object) -> str:
        field_name = name.partition(".")[0]
        if not isinstance(value, str):
            is_many = isinstance(value, dict | list)
            kind = "a list or a mapping" if is_many else "a number or yes/no"
            message = f"{name} must be a text, and this is {kind}; put quotes around it"
            raise self.problem(field_name, message)
        if UNSTORABLE.search(value):
            message = f"{name} holds a NUL or half a character (a lone surrogate); remove it"
            raise self.problem(field_name, message)
        return value

    def _warn(self, name: str, message: str) -> None:
        line = self.lines.get(name, self.line)
        self.warnings.append(message if line is None else f"line {line}: {message}")
