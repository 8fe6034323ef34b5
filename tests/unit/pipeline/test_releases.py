"""Versions of our plugin: what its file says, and which are behind."""

import pytest

from pipeline.releases import older, version_of_plugin


@pytest.mark.parametrize(
    ("source", "version"),
    [
        pytest.param("<?php\n/**\n * Version:   1.5.0\n */", "1.5.0", id="in-a-docblock"),
        pytest.param("<?php\n# Version: 2.0\n", "2.0", id="in-a-comment"),
        pytest.param("<?php\n * Requires at least: 5.6\n", None, id="no-version"),
        pytest.param("const VERSION = '1.5.0';", None, id="no-header"),
    ],
)
def test_the_version_of_a_plugin_is_in_its_header(source, version):
    assert version_of_plugin(source) == version


@pytest.mark.parametrize(
    ("version", "is_older"),
    [
        pytest.param("1.4.9", True, id="older"),
        pytest.param("1.5.0", False, id="the-same"),
        pytest.param("1.5", False, id="the-same-written-shorter"),
        pytest.param("1.10.0", False, id="newer-though-it-sorts-before"),
        pytest.param("1.5.0rc1", True, id="before-its-release"),
        pytest.param("custom", False, id="no-version"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_which_versions_are_behind(version, is_older):
    assert older([version], "1.5.0") == [version] * is_older


def test_where_nothing_is_shipped_nobody_is_behind():
    assert older(["1.0"], "") == []
