"""docs/bad-inputs.md: every case has a line, and every line a test that exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| B(\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "bad-inputs.md").read_text(encoding="utf-8"))


@cache
def named_in(path):
    found = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}" for each in node.body if hasattr(each, "name")}
    return found


@pytest.mark.parametrize("named", [pytest.param(row[3], id=f"b{row[0]}-is-shown") for row in ROWS])
def test_the_named_tests_exist(named):
    for one in named.split("<br>"):
        path, _, test = one.strip().partition("::")
        assert test in named_in(path), f"there is no test {one}"


def test_every_case_has_its_line():
    listed = [int(number) for number, *_ in ROWS]
    written = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        written |= {int(n) for n in re.findall(r'id="b(\d+)-', path.read_text(encoding="utf-8"))}

    assert written <= set(listed)
    assert listed == sorted(set(listed))
