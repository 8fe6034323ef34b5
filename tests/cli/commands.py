"""Running `igny8` in this process, as its tests do."""

import json

from typer.testing import CliRunner


class Ran:
    """What a command printed, and its exit code."""

    def __init__(self, result):
        self.code = result.exit_code
        self.out = result.stdout
        self.err = result.stderr
        self.exception = result.exception

    @property
    def json(self):
        return json.loads(self.out)


def igny8(*words, stdin=None):
    from cli.main import app

    ran = Ran(CliRunner().invoke(app, [str(word) for word in words], input=stdin))
    assert "Traceback" not in ran.err, ran.err
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    return ran
