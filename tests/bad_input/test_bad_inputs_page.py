"""docs/bad-inputs.md: every case has a line, and every line a test that plays it."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| B(\d+) \| (.+?) \| (.+?) \| (elsewhere: )?(.+?) \|$", re.MULTILINE)
PAGE = (ROOT / "docs" / "bad-inputs.md").read_text(encoding="utf-8")
ROWS = ROW.findall(PAGE)
HERE = "tests/bad_input/"
ID = re.compile(r"\bb(\d+)-|^test_b(\d+)_")


@cache
def played_in(path):
    """Return the cases that each test of a file plays, by its name or the ids of its tables."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    tables = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = cases([node], tables)
        for each in getattr(node, "body", ()) if isinstance(node, ast.ClassDef) else ():
            if isinstance(each, ast.FunctionDef):
                found[f"{node.name}::{each.name}"] = cases([node, each], tables)
    return found


def cases(nodes, tables):
    texts = [nodes[-1].name]
    for part in [part for node in nodes for part in node.decorator_list]:
        names = {each.id for each in ast.walk(part) if isinstance(each, ast.Name)}
        for table in [part, *(tables[name] for name in names & tables.keys())]:
            texts += [each.value for each in ast.walk(table) if is_text(each)]
    return {number for text in texts for pair in ID.findall(text) for number in pair if number}


def is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.parametrize(
    ("number", "elsewhere", "named"),
    [
        pytest.param(number, elsewhere, named.split("<br>"), id=f"b{number}-is-shown")
        for number, _, _, elsewhere, named in ROWS
    ],
)
def test_the_named_tests_play_the_case(number, elsewhere, named):
    playing = set()
    for one in named:
        path, _, test = one.partition("::")
        assert test in played_in(path), f"there is no test {one}"
        if number in played_in(path)[test]:
            playing.add(one)

    assert bool(playing) is not bool(elsewhere), "either a test plays it, or it is shown elsewhere"
    assert {one for one in named if one.startswith(HERE)} <= playing


def test_every_case_has_its_line():
    listed = [int(number) for number, *_ in ROWS]
    written = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        written |= {int(n) for n in re.findall(r'id="b(\d+)-', path.read_text(encoding="utf-8"))}

    assert len(listed) == PAGE.count("\n| B")
    assert written <= set(listed)
    assert listed == sorted(set(listed))
