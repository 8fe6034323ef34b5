"""The plugin calls nothing of mbstring that a PHP without it lacks: WordPress needs none."""

import re
from pathlib import Path

PLUGIN = Path(__file__).parents[2] / "wordpress-plugin" / "igny8-wp-bridge"
CALL = re.compile(r"\b(mb_\w+)\(")
IN_WORDPRESS = {"mb_substr", "mb_strlen"}
"""What every WordPress since 5.6 brings itself where the extension is missing."""


def test_only_what_wordpress_brings_is_called_by_name():
    called = {
        name
        for path in PLUGIN.rglob("*.php")
        for name in CALL.findall(path.read_text(encoding="utf-8"))
    }

    assert "mb_substr" in called
    assert called <= IN_WORDPRESS
