"""`igny8 site test` and `igny8 site structure`: without a worker, in plain words."""

import pytest
from commands import igny8

from simulators.faults import Fault, Kind

pytestmark = pytest.mark.usefixtures("sqlite_database")


def test_a_site_that_is_well_shows_every_layer(integration):
    ran = igny8("site", "test", integration.site_id)

    assert ran.code == 0
    assert "tls" in ran.out
    assert ": well" in ran.out


def test_the_failing_layer_is_told_with_what_to_do(integration, simulated_site):
    simulated_site.faults.add(Fault(Kind.PLUGIN_MISSING))

    ran = igny8("site", "test", integration.site_id)

    assert ran.code == 3
    assert "plugin\tfails (site)" in ran.out
    assert "Install and activate it under Plugins" in ran.err


def test_a_script_gets_the_layers(integration):
    told = igny8("--json", "site", "test", integration.site_id).json

    assert told["success"] is True
    assert {each["layer"] for each in told["layers"]} >= {"dns", "tcp", "key", "write"}


def test_the_structure_is_fetched_and_shown(integration):
    ran = igny8("site", "structure", integration.site_id)

    assert ran.code == 0
    assert "type\tpost\tPosts\t0\tyes" in ran.out
    assert "taxonomy\tcategory\tCategories" in ran.out


def test_a_structure_that_can_not_be_fetched_is_exit_3(integration, simulated_site):
    simulated_site.api_key = "another"

    ran = igny8("site", "structure", integration.site_id)

    assert ran.code == 3
    assert "key" in ran.err


def test_a_site_that_is_not_there(sqlite_database):
    assert igny8("site", "test", "99").code == 4
