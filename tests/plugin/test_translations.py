"""The template for translators holds every text that the plugin shows, and no other."""

import re
import subprocess
from pathlib import Path

import pytest

from embedded.wordpress import ensure

FOLDER = Path(__file__).parents[2] / "wordpress-plugin"
PLUGIN = FOLDER / "igny8-wp-bridge"
TEMPLATE = PLUGIN / "languages" / "igny8-wp-bridge.pot"
CALL = re.compile(
    r"\b(?:__|_e|_x|_ex|_n|_nx|esc_html__|esc_html_e|esc_html_x|esc_attr__|esc_attr_e|esc_attr_x)"
    r"\(\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")"
)
MSGID = re.compile(r'^msgid "(.*)"$', re.MULTILINE)


def unescaped(text):
    return re.sub(r"\\(.)", r"\1", text)


def shown():
    """Return the first argument of every translating call."""
    texts = (path.read_text(encoding="utf-8") for path in PLUGIN.rglob("*.php"))
    return {unescaped(a or b) for text in texts for a, b in CALL.findall(text)}


def test_every_text_is_in_the_template():
    listed = {unescaped(each) for each in MSGID.findall(TEMPLATE.read_text(encoding="utf-8"))}

    assert len(shown()) > 40
    assert shown() - listed == set(), "run wordpress-plugin/make-pot"


@pytest.mark.wordpress
def test_the_template_is_as_it_would_be_made_now(tmp_path):
    ensure(tests=True)  # Debian's gettext
    made = tmp_path / "made.pot"
    subprocess.run([FOLDER / "make-pot", made], check=True, timeout=60)

    assert made.read_text(encoding="utf-8") == TEMPLATE.read_text(encoding="utf-8")
