"""The short form of the chaos table: nothing lost, nothing twice, a test for every row."""

import pytest
from chaos_main import play_all
from chaos_table import collect

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1500)]
SEED = 1
ROWS = [row for row in collect() if row.on(quick=True)]


@pytest.fixture(scope="session")
def results(request):
    """The results of all rows that were asked for, by name: played together, in shared worlds."""
    asked = {
        item.callspec.params["row"].name
        for item in request.session.items
        if item.originalname == test_nothing_is_lost_and_nothing_is_there_twice.__name__
    }
    played = {}
    for result in play_all([row for row in ROWS if row.name in asked], quick=True, seed=SEED):
        played.setdefault(result.name, []).append(result)
    return played


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_nothing_is_lost_and_nothing_is_there_twice(row, results):
    played = [result for result in results[row.name] if not result.not_run]
    for result in played:
        assert result.zero, result.problems()
        assert result.faults, "the fault was never made"
    if len(played) < len(results[row.name]):
        pytest.skip(next(result.not_run for result in results[row.name] if result.not_run))
