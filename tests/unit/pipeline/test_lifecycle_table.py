"""The moves of a publication: one table in code, the same in the drawing, with a way out of all."""

import re
from pathlib import Path

import pytest

from models import PublicationState as State
from pipeline.lifecycle import END_STATES, MOVES

PAGE = Path(__file__).parents[3] / "docs" / "architecture.md"
ARROW = re.compile(r"^\s*(\w+) --> (\w+): (.+)$", re.MULTILINE)


def drawn():
    text = PAGE.read_text(encoding="utf-8")
    (diagram,) = re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", text, re.DOTALL)
    return [(start, end) for start, end, _ in ARROW.findall(diagram)]


def test_the_drawing_and_the_table_agree():
    table = {(start.value, end.value) for start, ends in MOVES.items() for end in ends}

    assert set(drawn()) == table
    assert len(drawn()) == len(table)


def test_every_state_has_its_row():
    assert set(MOVES) == set(State)


@pytest.mark.parametrize("state", State)
def test_every_state_leads_to_an_end(state):
    reached, waiting = {state}, [state]
    while waiting:
        for following in MOVES[waiting.pop()] - reached:
            reached.add(following)
            waiting.append(following)

    assert reached & END_STATES
    assert State.PUBLISHED in reached
