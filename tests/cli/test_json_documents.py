"""What scripts rely on: a site's id and address under one name each, and the exit codes."""

import re
from pathlib import Path

import pytest
from commands import igny8
from factories import make_publication

from cli.exits import Exit
from models import EventStatus, SyncEvent
from models.session import session_scope

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.fixture
def known(sqlite_database, broker_away, integration):
    """A site with a content, a publication and an event."""
    make_publication(integration)
    with session_scope() as session:
        session.add(
            SyncEvent(
                account_id=integration.account_id,
                site_id=integration.site_id,
                integration_id=integration.id,
                event_type="publish",
                action="content_publish",
                status=EventStatus.SUCCESS,
                description="Published.",
            )
        )
    return integration


@pytest.mark.parametrize(
    ("words", "inside"),
    [
        pytest.param(["site", "list"], "sites", id="site list"),
        pytest.param(["site", "check"], "checks", id="site check"),
        pytest.param(["site", "pace", "1"], None, id="site pace"),
        pytest.param(["site", "test", "1"], None, id="site test"),
        pytest.param(["site", "structure", "1"], None, id="site structure"),
        pytest.param(["site", "rotate-key", "1", "--wait", "0"], None, id="site rotate-key"),
        pytest.param(["site", "switch-off", "1"], None, id="site switch-off"),
        pytest.param(["site", "move", "1", "https://new.example"], None, id="site move"),
        pytest.param(["site", "add", "https://x.de", "--generate-key"], None, id="site add"),
        pytest.param(["publish", "1", "--site", "1"], None, id="publish"),
        pytest.param(["publish", "--all", "--site", "1"], None, id="publish --all"),
        pytest.param(["census"], "censuses", id="census"),
        pytest.param(["content", "list"], "contents", id="content list"),
        pytest.param(["schedule", "plan", "1"], None, id="schedule plan"),
        pytest.param(["schedule", "settings", "1"], None, id="schedule settings"),
        pytest.param(["schedule", "set", "1", "--next"], None, id="schedule set"),
        pytest.param(["status"], "sites", id="status"),
        pytest.param(["events"], "events", id="events"),
    ],
)
def test_a_document_that_names_a_site_has_its_id_and_its_address(known, words, inside):
    ran = igny8("--json", *words)

    assert ran.code == 0, ran.err
    told = ran.json[inside][0] if inside else ran.json
    assert isinstance(told["site_id"], int)
    assert told["url"].startswith("http")


def test_the_exit_codes_are_documented():
    rows = re.findall(r"^\| `(\d+)` \|", OPERATIONS.read_text(), re.MULTILINE)

    assert {int(code) for code in rows} == {each.value for each in Exit}
