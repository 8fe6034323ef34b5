"""Which versions of our plugin are behind the one that comes with this engine."""

import re
from collections.abc import Iterable

from packaging.version import InvalidVersion, Version

_HEADER = re.compile(r"^[ \t/*#@]*Version:[ \t]*(\S+)", re.MULTILINE)


def version_of_plugin(source: str) -> str | None:
    """Return the version that a plugin's main file names in its header; None: it names none."""
    found = _HEADER.search(source)
    return found[1] if found else None


def older(versions: Iterable[str], shipped: str) -> list[str]:
    """Return those of ``versions`` that are behind ``shipped``; what is no version is left out."""
    newest = _version(shipped)
    if newest is None:
        return []
    read = ((each, _version(each)) for each in versions)
    return [each for each, version in read if version is not None and version < newest]


def _version(written: str) -> Version | None:
    try:
        return Version(written)
    except InvalidVersion:
        return None
