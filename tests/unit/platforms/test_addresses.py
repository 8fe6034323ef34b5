"""Which addresses may be talked to: every spelling of a private one is refused."""

import pytest

from platforms.addresses import AddressRefused, is_public, resolve


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("8.8.8.8", id="ipv4"),
        pytest.param("2606:4700::1111", id="ipv6"),
        pytest.param("::ffff:8.8.8.8", id="mapped"),
        pytest.param("64:ff9b::808:808", id="nat64"),
    ],
)
def test_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fe80::1%eth0",
        "fd00::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "localhost"])
def test_every_spelling_of_this_machine_is_refused(host):
    with pytest.raises(AddressRefused, match="IGNY8_ALLOWED_PRIVATE_HOSTS"):
        list(resolve(host, 80, frozenset()))


def test_a_private_host_may_be_allowed_by_name():
    assert list(resolve("127.0.0.1", 80, frozenset({"127.0.0.1"})))
