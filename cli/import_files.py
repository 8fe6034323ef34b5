"""The files of an import: which there are, and their bytes, never from outside its folder."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.exits import CommandError, Exit
from pipeline.importing import SUFFIXES


class Unreadable(Exception):
    """This file can't be imported; the message says why."""


@dataclass(frozen=True, slots=True)
class ImportFolder:
    """The folder that everything of an import lies in, and the articles found in it."""

    root: Path
    files: list[Path]

    def place(self, file: Path) -> str:
        """Return the file's path in the folder, with slashes, the same on every machine."""
        return shown(file.relative_to(self.root).as_posix())


def find_articles(path: Path) -> ImportFolder:
    """Return a folder's articles, those of its subfolders too, or the one file.

    What begins with a dot is left out, and no link to another folder is followed.

    Raises:
        CommandError: there is no such path, or nothing to import in it.
    """
    if path.is_file():
        if path.suffix.lower() not in SUFFIXES:
            raise CommandError(f"{path}: an article ends in {_suffixes()}", Exit.BAD_INPUT)
        return ImportFolder(path.absolute().parent, [path.absolute()])
    if not path.is_dir():
        raise CommandError(f"{path}: there is no such file or folder", Exit.BAD_INPUT)
    root = path.absolute()
    files = sorted(_walk(root))
    if not files:
        raise CommandError(f"{path} holds no file that ends in {_suffixes()}", Exit.BAD_INPUT)
    return ImportFolder(root, files)


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield Path(folder, name)


def _suffixes() -> str:
    return ", ".join(sorted(SUFFIXES))


def open_bytes(folder: ImportFolder, file: Path, limit: int) -> bytes:
    """Return the file's bytes.

    Raises:
        Unreadable: it has more than ``limit`` bytes, is no regular file, its name is not UTF-8,
            or it is a link out of the folder.
    """
    try:
        str(file).encode()
        if not file.resolve().is_relative_to(folder.root.resolve()):
            raise Unreadable("it is a link that leads out of the imported folder")
        if not file.is_file():  # a pipe would keep us waiting for ever
            raise Unreadable("it is not a regular file")
        with file.open("rb") as opened:
            data = opened.read(limit + 1)
    except UnicodeEncodeError:
        raise Unreadable("its name is not UTF-8") from None
    except OSError as error:
        raise Unreadable(error.strerror or "it can't be read") from None
    if len(data) > limit:
        raise Unreadable(f"it is larger than {limit / 1e6:.1f} MB: split it")
    return data


def shown(name: str) -> str:
    """Return a file's name as it can be printed: Linux takes names that are no text."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
