"""The changelog begins with the version that is in the code."""

import re
import tomllib

from project_tree import ROOT

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
ENTRY = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)
ENTRIES = ENTRY.findall((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))


def test_the_newest_entry_is_the_projects_version():
    assert ENTRIES[0][0] == VERSION


def test_entries_go_back_in_order():
    numbers = [tuple(map(int, version.split("."))) for version, _ in ENTRIES]

    assert numbers == sorted(set(numbers), reverse=True)
    assert [date for _, date in ENTRIES] == sorted((date for _, date in ENTRIES), reverse=True)
