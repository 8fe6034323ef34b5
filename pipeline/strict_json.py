"""JSON as RFC 8259 means it: what two parsers could read differently is refused, in words."""

import json
from typing import Any, NoReturn

DEEPEST = 32
"""Levels of nesting; our deepest body has four."""

LONGEST_INTEGER = 19
"""Digits; what fits into 64 bits, and long before Python's own limit of 4300."""


class JsonRefused(ValueError):
    """These bytes are no JSON that we take. The message is for the caller."""


def parse(data: bytes, *, any_text: bool = False) -> Any:
    """Return the value that ``data`` holds; ``any_text``: with NUL and half characters, too.

    Raises:
        JsonRefused: not UTF-8, not JSON, a repeated name, NaN or Infinity, a number out of
            range, nested too deeply, or a text with NUL or half a character in it.
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except UnicodeDecodeError:
        raise JsonRefused("the body is not UTF-8") from None
    except RecursionError:
        raise JsonRefused(_TOO_DEEP) from None
    except json.JSONDecodeError as error:
        raise JsonRefused(
            f"the body is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        ) from None
    _check(value, any_text=any_text)
    return value


_TOO_DEEP = f"the JSON is nested more than {DEEPEST} levels deep"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise JsonRefused("the JSON has the same name twice in one object")
    return found


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > LONGEST_INTEGER:
        raise JsonRefused(f"the JSON has an integer of more than {LONGEST_INTEGER} digits")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if value in {float("inf"), float("-inf")}:
        raise JsonRefused("the JSON has a number that is out of range")
    return value


def _constant(name: str) -> NoReturn:
    raise JsonRefused(f"the JSON has {name}, which is no JSON value")


def _check(value: Any, *, any_text: bool) -> None:
    """Walk the value without recursion: its depth is the caller's choice."""
    waiting = [(value, 1)]
    while waiting:
        here, depth = waiting.pop()
        if isinstance(here, str):
            if not any_text:
                _check_text(here)
        elif isinstance(here, dict | list):
            if depth > DEEPEST:
                raise JsonRefused(_TOO_DEEP)
            if isinstance(here, dict):
                for name in here:
                    _check_text(name)
            inner = here.values() if isinstance(here, dict) else here
            waiting.extend((child, depth + 1) for child in inner)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise JsonRefused("the JSON has a NUL character in a text")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise JsonRefused("the JSON has half a character (a lone surrogate) in a text") from None
