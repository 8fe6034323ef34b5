"""docs/features.md says of every line of the specification whether it works, and proves it.

A table row each, in the order of their numbers, S1 to S281:

    | S12 | what it does | works | tests/x/test_y.py::test_z |
    | S13 | what it does | not built | why, in words |
    | S14 | what it does | refused | why, in words |

Several tests are separated by `<br>`. A method is `path::Class::test_z`; a PHP test is
`path/SomeTest.php::test_z`. Other lines of the page may say what they like.
"""

import ast
import re
from functools import cache

import pytest
from project_tree import ROOT, tree

LINES = 281
ROW = re.compile(r"^\| S(\d+) \| (.+?) \| ([a-z ]+) \| (.*?) \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "features.md").read_text(encoding="utf-8"))


def rows(*states):
    return [
        pytest.param(proof, id=f"S{number}") for number, _, state, proof in ROWS if state in states
    ]


@cache
def named_tests(name):
    """Return the tests that a file holds, as they are named after the path."""
    path = ROOT / name
    if not path.is_file():
        return frozenset()
    if path.suffix == ".php":
        return frozenset(re.findall(r"function\s+(test\w+)\s*\(", path.read_text(encoding="utf-8")))
    found = set()
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}" for each in node.body if hasattr(each, "name")}
    return frozenset(name for name in found if name.rpartition("::")[2].startswith("test"))


def test_every_line_of_the_specification_has_its_row():
    assert [int(row[0]) for row in ROWS] == list(range(1, LINES + 1))


def test_every_row_has_a_known_state():
    assert {state for _, _, state, _ in ROWS} <= {"works", "not built", "refused"}


@pytest.mark.parametrize("proof", rows("works"))
def test_what_works_is_shown_by_a_test(proof):
    for named in proof.split("<br>"):
        path, _, test = named.strip().strip("`").partition("::")
        assert test in named_tests(path), f"there is no test {named}"


@pytest.mark.parametrize("reason", rows("not built", "refused"))
def test_what_does_not_work_says_why(reason):
    assert len(reason.split()) >= 3
    assert "::" not in reason
