"""`.env.example` lists every setting with its default and a line of meaning."""

import re

import pytest

from embedded.environment import variables
from settings import ROOT, Settings

LINES = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
ENTRY = re.compile(r"#([A-Z][A-Z0-9_]*)=(.*)")
ENTRIES = {m[1]: m[2] for line in LINES if (m := ENTRY.fullmatch(line))}
MEANINGS = dict(zip(LINES[1:], LINES, strict=False))


def defaults():
    made = Settings.model_construct()
    return variables(made) | {"IGNY8_DATA_DIR": str(made.data_dir.relative_to(ROOT))}


def test_it_lists_exactly_the_settings():
    assert sorted(ENTRIES) == sorted(field.alias for field in Settings.model_fields.values())


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_each_entry_shows_the_default_under_a_line_of_meaning(name):
    entry = f"#{name}={ENTRIES[name]}"

    assert ENTRIES[name] == defaults()[name]
    assert re.match("# .{10,}", MEANINGS[entry])
