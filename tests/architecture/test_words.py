"""Words that have no place here: how the project came about, and where somebody keeps it."""

import re

import pytest
from project_tree import ROOT, relative, texts

# Each with a letter in brackets, so that this list does not find itself.
BANNED = [
    r"[c]laude",
    r"[c]hatgpt",
    r"[c]opilot",
    r"\b[l]lms?\b",
    r"[l]anguage model",
    r"[s]ub-?agents?\b",
    r"\b[A]I[ -](agent|assist|generat|writ|tool)",
    r"[c]oding (agent|assistant)",
    r"[c]ontext window",
    r"as [r]equested (above|by the user)",
    r"in this [c]onversation",
]
# Folders that belong to no one machine: their names are in prose and scripts with good reason.
EVERYWHERE = {"/", "/app", "/home", "/mnt", "/opt", "/root", "/src", "/srv", "/tmp", "/usr", "/var"}


@pytest.mark.parametrize("words", BANNED)
def test_no_file_tells_how_it_was_made(words):
    pattern = re.compile(words, re.IGNORECASE)

    assert {str(relative(path)) for path, text in texts() if pattern.search(text)} == set()


def test_no_file_names_the_folder_of_this_checkout():
    places = [f"{place}/" for place in (ROOT, ROOT.parent) if str(place) not in EVERYWHERE]
    patterns = [re.compile(rf"(?<![\w.]){re.escape(place)}") for place in places]

    found = {str(relative(p)) for p, text in texts() for each in patterns if each.search(text)}
    assert found == set()
