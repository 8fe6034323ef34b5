"""The rooms import downwards only, the pipeline is pure, and one module reads the environment."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from project_tree import ROOMS, ROOT, files, modules, product_modules, relative, tree

ORDER = ("settings", "models", "pipeline", "platforms", "tasks", "ingress", "cli")
IMPURE = {
    "celery",
    "flask",
    "logging",
    "os",
    "random",
    "redis",
    "requests",
    "secrets",
    "settings",
    "socket",
    "structlog",
    "subprocess",
    "time",
    "uuid",
}
# What reads a clock, a file or a database: (name, attribute) as it stands in the code.
IMPURE_CALLS = {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("Path", "cwd")}


def imports(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def modules_of(room):
    return [path for path in product_modules() if relative(path).parts[0] == room]


def test_the_contracts_of_import_linter_hold():
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("room", ORDER[1:])
def test_a_room_imports_nothing_above_it(room):
    above = set(ORDER[ORDER.index(room) + 1 :])

    for path in modules_of(room):
        assert not above & set(imports(path)), relative(path)


def test_settings_import_nothing_of_ours():
    assert not set(ROOMS) & set(imports(ROOT / "settings.py"))


@pytest.mark.parametrize("room", ["embedded", "simulators"])
def test_what_comes_along_knows_settings_at_most(room):
    for path in modules_of(room):
        assert not (set(ROOMS) - {room}) & set(imports(path)), relative(path)


@pytest.mark.parametrize("path", modules_of("pipeline"), ids=lambda path: path.name)
def test_the_pipeline_is_pure(path):
    assert not IMPURE & set(imports(path))
    calls = {
        (node.value.id, node.attr)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    assert not IMPURE_CALLS & calls
    names = {node.id for node in ast.walk(tree(path)) if isinstance(node, ast.Name)}
    assert not {"open", "input", "print"} & names


def environment_reads(path):
    """Yield the lines that ask the environment for something; handing it on as a whole is fine."""
    handed_on = {
        id(value)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if key is None
    }
    for node in ast.walk(tree(path)):
        named = isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}
        ours = named and isinstance(node.value, ast.Name) and node.value.id == "os"
        if ours and id(node) not in handed_on:
            yield node.lineno


def test_only_settings_reads_the_environment():
    readers = {
        f"{relative(path)}:{line}" for path in product_modules() for line in environment_reads(path)
    }

    assert {reader for reader in readers if not reader.startswith("settings.py")} == set()


def test_every_room_is_where_it_is_looked_for():
    assert modules()
    assert {room for room in ROOMS if any(ROOT / room in path.parents for path in files())} == set(
        ROOMS
    )
