"""How large a thing may be, and what it may not be called."""

import ast
import re
import statistics

import pytest
from project_tree import functions, lines, modules, product_modules, relative, tree

LONGEST_FILE, LONGEST_TEST_FILE = 300, 400
LONGEST_FUNCTION, LONGEST_TASK = 50, 15
MEDIAN_FUNCTION, MEDIAN_FILE = 10, 80

# A name that says nothing about what is in it, as a word of its own: `services`, `DateUtils`.
EMPTY_NAMES = re.compile(r"(?:^|_)(utils?|helpers?|managers?|services?|common)(?:_|$)")


def of_each(paths):
    return [pytest.param(path, id=str(relative(path))) for path in paths]


def length(path):
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("path", of_each(modules()))
def test_a_module_is_short_and_says_what_it_is_for(path):
    limit = LONGEST_TEST_FILE if relative(path).parts[0] == "tests" else LONGEST_FILE

    assert length(path) < limit
    assert ast.get_docstring(tree(path)), "it does not open with a docstring"


@pytest.mark.parametrize("path", of_each(modules()))
def test_functions_are_short(path):
    long = {made.name: lines(made) for made in functions(path) if lines(made) >= LONGEST_FUNCTION}

    assert long == {}


def is_task(function):
    """Whether it is decorated with `@app.task` or `@shared_task`, with or without arguments."""
    named = [each.func if isinstance(each, ast.Call) else each for each in function.decorator_list]
    return any(ast.unparse(each) in {"app.task", "shared_task"} for each in named)


def body_length(function):
    statements = function.body[1:] if ast.get_docstring(function) else function.body
    return statements[-1].end_lineno - statements[0].lineno + 1 if statements else 0


def test_tasks_are_thin():
    tasks = {
        f"{relative(path)}:{function.name}": body_length(function)
        for path in product_modules()
        for function in functions(path)
        if is_task(function)
    }

    assert tasks
    assert {name: size for name, size in tasks.items() if size >= LONGEST_TASK} == {}


def test_the_usual_function_is_shorter_than_a_screen():
    made = [lines(function) for path in product_modules() for function in functions(path)]
    file = statistics.median(length(path) for path in product_modules())
    warning = f"the median file has {file} lines (wanted: under {MEDIAN_FILE})"

    assert statistics.median(made) <= MEDIAN_FUNCTION, warning if file >= MEDIAN_FILE else ""


@pytest.mark.parametrize("path", of_each(modules()))
def test_names_say_something(path):
    classes = [node.name for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)]
    words = [re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() for name in classes]

    names = [*relative(path).with_suffix("").parts, *words]
    assert [name for name in names if EMPTY_NAMES.search(name)] == []
