"""One file of an import -> its articles, with their pictures found, and what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.article_saving import Article
from cli.import_files import ImportFolder, Unreadable, open_bytes
from cli.picture_files import PictureFiles
from models import ContentStatus
from pipeline.drafts import DraftRefused, complete, with_hashes
from pipeline.importing import LINES, Draft, ImportProblem, read_file

LINES_LIMIT = 64 * 1024 * 1024
"""Bytes of a JSONL file, which is in memory as a whole while it is read."""

AROUND_BODY = 4
"""A file may be so many times longer than a body: front matter, and a page around the article."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file, or a part of it, was left out."""

    file: str
    line: int | None
    reason: str
    is_warning: bool = False
    """Whether the article was taken all the same."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.reason}"

    def as_json(self) -> dict[str, Any]:
        return {"file": self.file, "line": self.line, "reason": self.reason}


class Reading:
    """Reads the files of one import."""

    def __init__(self, folder: ImportFolder, pictures: PictureFiles, max_bytes: int) -> None:
        self._folder = folder
        self._pictures = pictures
        self._max_bytes = max_bytes

    def articles(self, file: Path, status: ContentStatus | None) -> Iterator[Article | Problem]:
        """Yield what the file holds: articles to be saved, and what is wrong, in its order.

        ``status``, when given, goes before the one that the article names itself.
        """
        name = self._folder.place(file)
        lines = file.suffix.lower() in LINES
        try:
            limit = LINES_LIMIT if lines else AROUND_BODY * self._max_bytes
            data = open_bytes(self._folder, file, limit)
        except Unreadable as error:
            yield Problem(name, None, str(error))
            return
        for found in read_file(name, data, max_bytes=self._max_bytes):
            if isinstance(found, ImportProblem):
                yield _problem(name, found)
            else:
                yield from self._article(file, found, status)

    def _article(
        self, file: Path, draft: Draft, status: ContentStatus | None
    ) -> Iterator[Article | Problem]:
        place = draft.import_key
        try:
            document = complete(draft.as_document(), max_bytes=self._max_bytes)
        except DraftRefused as error:
            yield Problem(place, None, str(error))
            return
        sources = [picture.source for picture in document.images]
        hashes, problems = self._pictures.find(file, sources)
        for warning in draft.warnings:
            yield Problem(place, None, warning, is_warning=True)
        for source, reason in problems.items():
            yield Problem(place, None, f"image {source}: {reason}", is_warning=True)
        own = ContentStatus(draft.status) if draft.status else None
        yield Article(place, with_hashes(document, hashes), status or own)


def _problem(name: str, found: ImportProblem) -> Problem:
    return Problem(name, found.line, str(found).removeprefix(f"line {found.line}: "))
