"""What an import makes of a file: a draft with its pictures, or a problem in words."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline import documents


class ImportProblem(Exception):
    """This can't be imported. The message is for the author and begins with the line, if known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message if line is None else f"line {line}: {message}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the author named it: ``src`` is a path beside the article, or an address."""

    src: str
    alt: str = ""
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One content as a file brings it (S44); its HTML is not sanitised yet."""

    import_key: str
    """Where it was found; the same place again is the same content."""

    title: str
    html: str
    slug: str = ""
    status: str | None = None
    """draft, review or approved (C29)."""

    seo_title: str = ""
    seo_description: str = ""
    primary_keyword: str = ""
    secondary_keywords: tuple[str, ...] = ()
    cluster: str = ""
    categories: tuple[tuple[str, ...], ...] = ()
    """Paths from the root."""

    tags: tuple[str, ...] = ()
    featured: Picture | None = None
    gallery: tuple[Picture, ...] = ()
    inline: tuple[Picture, ...] = ()
    """The pictures in the text, each address once, in the order of reading."""

    warnings: tuple[str, ...] = ()
    """What was left out, in words for the author; the rest is good."""

    def as_document(self) -> documents.Document:
        """Return the values that `pipeline.drafts.complete` checks and completes.

        Without the pictures in the text: `complete` finds those that survive sanitising.
        """
        return documents.Document(
            title=self.title,
            html=self.html,
            slug=self.slug,
            seo_title=self.seo_title,
            seo_description=self.seo_description,
            primary_keyword=self.primary_keyword,
            secondary_keywords=self.secondary_keywords,
            cluster=self.cluster,
            categories=self.categories,
            tags=self.tags,
            images=tuple(self._images()),
        )

    def _images(self) -> Iterator[documents.Picture]:
        featured = () if self.featured is None else (self.featured,)
        for role, pictures in ((documents.FEATURED, featured), (documents.GALLERY, self.gallery)):
            for picture in pictures:
                yield documents.Picture(role, picture.src, alt=picture.alt, caption=picture.caption)
