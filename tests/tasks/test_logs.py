"""The log: which lines of the libraries an operator sees."""

import json
import logging

import pytest

from tasks.logs import QUIET, configure_logging


@pytest.fixture
def logging_of_before(environment):
    """Leaves the logging of the test run as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    levels = {name: logging.getLogger(name).level for name in QUIET}
    yield
    root.handlers, root.level = handlers, level
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.mark.usefixtures("logging_of_before")
@pytest.mark.parametrize("name", QUIET)
def test_what_is_said_of_every_message_is_left_out(name, capfd):
    configure_logging()
    logging.getLogger(name).info("Discarding revoked task: dispatch[…]")
    logging.getLogger(name).warning("Hard time limit exceeded")

    (line,) = capfd.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "Hard time limit exceeded"


@pytest.mark.usefixtures("logging_of_before")
def test_other_lines_are_there(capfd):
    configure_logging()
    logging.getLogger("celery.worker").info("ready")

    line = json.loads(capfd.readouterr().err)
    assert (line["event"], line["level"]) == ("ready", "info")
