"""The plugin names every layer that the engine looks at, and has its words for every code."""

import re
from pathlib import Path

from pipeline import diagnosis_words as words
from pipeline.diagnosis import LAYERS
from pipeline.diagnosis_words import Advice, pick

INCLUDES = Path(__file__).parents[2] / "wordpress-plugin" / "igny8-wp-bridge" / "includes"
TEXT = r"(?:__\(\s*)?'((?:[^'\\]|\\.)*)'(?:, 'igny8-wp-bridge' \))?"
ENTRY = re.compile(rf"'(\w+)' => array\(\s*{TEXT},\s*{TEXT},?\s*\)")
TABLES = ("address", "dns", "tcp", "tls", "http", "rest", "key", "unseen")


def unescaped(text):
    return re.sub(r"\\(.)", r"\1", text)


def of_the_plugin():
    found = ENTRY.findall((INCLUDES / "diagnosis-words.php").read_text(encoding="utf-8"))
    return {code: (unescaped(message), unescaped(advice)) for code, message, advice in found}


def of_the_engine():
    alone = [each for each in vars(words).values() if isinstance(each, Advice)]
    tables = {name: getattr(words, name.upper()) for name in TABLES}
    picked = [pick(name, table, key, key) for name, table in tables.items() for key in table]
    return {each.code: (each.message, each.what_to_do) for each in [*alone, *picked]}


def test_the_words_are_the_same_for_every_code():
    assert "" not in of_the_engine()
    assert of_the_plugin() == of_the_engine()


def test_every_layer_has_a_name():
    text = (INCLUDES / "layers.php").read_text(encoding="utf-8")

    assert set(re.findall(r"'(\w+)' +=> __\(", text)) == set(LAYERS)
