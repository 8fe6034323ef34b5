"""What `igny8 content import` does: read, check, save in groups, and say what was left out."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

import settings
from cli.article_saving import Article, Result, Saved, compare_group, save_group
from cli.exits import Exit
from cli.finding import find_integration
from cli.import_files import ImportFolder, find_articles
from cli.import_reading import Problem, Reading
from cli.output import output
from cli.picture_files import Limits, PictureFiles
from cli.progress import Bar, progress
from models import ContentStatus
from models.session import session_scope

GROUP = 100
"""Articles in one transaction."""

GROUP_BYTES = 32 * 1024 * 1024
"""Pictures and texts held in memory before they are saved."""


@dataclass(frozen=True, slots=True)
class Import:
    """The options of `igny8 content import`."""

    path: Path
    site: str
    status: str | None
    dry_run: bool


@dataclass(slots=True)
class Tally:
    """What became of the articles."""

    counts: Counter[Saved] = field(default_factory=Counter)
    failed: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            **{saved.value: self.counts[saved] for saved in Saved},
            "problems": [problem.as_json() for problem in self.failed],
            "warnings": [problem.as_json() for problem in self.warnings],
        }


class Importer:
    """Collects the articles of one import, and saves them group by group."""

    def __init__(self, site_id: int, pictures: PictureFiles, bar: Bar, *, dry_run: bool) -> None:
        self._site_id = site_id
        self._pictures = pictures
        self._bar = bar
        self._dry_run = dry_run
        self._group: list[Article] = []
        self._places: set[str] = set()
        self._size = 0
        self.tally = Tally()

    def add(self, article: Article) -> None:
        """Take one more article; the one before may be saved by that."""
        if article.place in self._places:
            self.fail(Problem(article.place, None, "there are two of that name"))
            return
        self._places.add(article.place)
        self._group.append(article)
        self._size += len(article.document.html)
        held = self._size + self._pictures.waiting_size
        if len(self._group) >= GROUP or held >= GROUP_BYTES:
            self.save()

    def save(self) -> None:
        """Save what has been collected."""
        pictures = self._pictures.take()
        if self._dry_run:
            results = compare_group(self._site_id, self._group)
        else:
            results = save_group(self._site_id, self._group, pictures)
        for result in results:
            self._count(result)
        self._group.clear()
        self._size = 0

    def _count(self, result: Result) -> None:
        if result.saved is Saved.FAILED:
            self.fail(Problem(result.article.place, None, result.problem))
        else:
            self.tally.counts[result.saved] += 1

    def fail(self, problem: Problem) -> None:
        self.tally.counts[Saved.FAILED] += 1
        self.tally.failed.append(problem)
        self._bar.note(str(problem))

    def warn(self, problem: Problem) -> None:
        self.tally.warnings.append(problem)
        self._bar.note(f"warning: {problem}")


def run_import(asked: Import) -> None:
    """Import, and say so; ends with exit code 4 when something could not be taken."""
    known = settings.current()
    with session_scope(read_only=True) as session:
        site_id = find_integration(session, asked.site).site_id
    folder = find_articles(asked.path)
    pictures = PictureFiles(folder.root, Limits(known.max_image_bytes, known.max_image_pixels))
    reading = Reading(folder, pictures, known.max_content_bytes)
    with progress("importing", len(folder.files)) as bar:
        importer = Importer(site_id, pictures, bar, dry_run=asked.dry_run)
        status = ContentStatus(asked.status) if asked.status else None
        _read_all(folder, reading, importer, bar, status)
    _say(importer.tally, dry_run=asked.dry_run)


def _read_all(
    folder: ImportFolder,
    reading: Reading,
    importer: Importer,
    bar: Bar,
    status: ContentStatus | None,
) -> None:
    for file in folder.files:
        for found in reading.articles(file, status):
            if isinstance(found, Problem):
                importer.warn(found) if found.is_warning else importer.fail(found)
            else:
                importer.add(found)
        bar.step("")
    importer.save()


def _say(tally: Tally, *, dry_run: bool) -> None:
    say = output()
    words = ", ".join(f"{saved.value} {tally.counts[saved]}" for saved in Saved)
    say.line(f"{words} (nothing was saved)" if dry_run else words)
    say.result(tally.as_json() | {"dry_run": dry_run})
    if tally.counts[Saved.FAILED]:
        raise typer.Exit(Exit.BAD_INPUT)
