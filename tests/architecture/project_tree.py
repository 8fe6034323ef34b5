"""What the architecture tests look at: the project's own files, and its Python as syntax trees."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("models", "pipeline", "platforms", "tasks", "ingress", "cli", "embedded", "simulators")


@cache
def files():
    """Return every file that is tracked, or would be: not what .gitignore names."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = {ROOT / name for name in listed.split("\0") if name}
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def texts():
    """Yield every file that is text, with its text."""
    for path in files():
        data = path.read_bytes()
        if b"\0" not in data:
            yield path, data.decode("utf-8", "replace")


def modules():
    """Return our Python modules; a migration is a record, not code that anybody reads on."""
    return [path for path in files() if path.suffix == ".py" and "versions" not in path.parts]


def product_modules():
    return [path for path in modules() if relative(path).parts[0] != "tests"]


def relative(path):
    return path.relative_to(ROOT)


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path):
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return [node for node in ast.walk(tree(path)) if isinstance(node, kinds)]


def lines(node):
    return node.end_lineno - node.lineno + 1
