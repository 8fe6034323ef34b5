"""What a commit promises on SQLite."""

import pytest
import sqlalchemy as sa

from models import session as sessions


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        pytest.param("journal_mode", "wal", id="readers-do-not-wait"),
        pytest.param("synchronous", 2, id="what-was-accepted-outlives-a-power-cut"),
        pytest.param("foreign_keys", 1, id="no-row-without-its-owner"),
    ],
)
def test_how_the_database_is_opened(sqlite_database, pragma, value):
    with sessions.engine().connect() as connection:
        assert connection.scalar(sa.text(f"pragma {pragma}")) == value
