"""Which control unit sent something, where several share an uplink."""

import pytest

from captures.decode import Behind, Senders
from telltale.transmission import Address

IVI = Behind(ecu="IVI", ports=(40_000, 44_999), addresses=frozenset({"fd64::12"}))
SHARED = Senders(ecu="T-Box", behind=(IVI,))


@pytest.mark.parametrize(
    ("ip", "port", "ecu"),
    [
        ("10.64.0.2", 40_000, "IVI"),
        ("10.64.0.2", 44_999, "IVI"),
        ("10.64.0.2", 39_999, "T-Box"),
        ("10.64.0.2", 45_000, "T-Box"),
        ("fd64::12", 51_000, "IVI"),
        ("fd64::2", 41_000, "T-Box"),
    ],
)
def test_ports_tell_in_ipv4_and_addresses_in_ipv6(ip, port, ecu):
    """Both ends of a range belong to it; the rest is the control unit's that forwards."""
    assert SHARED.of(Address(ip=ip, port=port)) == ecu


def test_a_packet_without_ports_may_be_anybodys():
    """ICMP and fragments over IPv4 are told by nothing; over IPv6 the address still tells."""
    assert SHARED.of(Address(ip="10.64.0.2", port=0)) is None
    assert SHARED.of(Address(ip="fd64::12", port=0)) == "IVI"
    assert Senders(ecu="T-Box").of(Address(ip="10.64.0.2", port=0)) == "T-Box"


@pytest.mark.parametrize(
    ("row", "ip"),
    [
        (Behind(ecu="IVI", ports=(40_000, 44_999)), "fd64::2"),
        (Behind(ecu="IVI", addresses=frozenset({"fd64::12"})), "10.64.0.2"),
    ],
)
def test_what_a_row_says_nothing_about_is_not_guessed(row, ip):
    """A control unit known in one IP version only may have sent anything in the other."""
    assert Senders(ecu="T-Box", behind=(row,)).of(Address(ip=ip, port=50_000)) is None


def test_two_rows_that_claim_one_port_settle_nothing():
    """Rows of one rig file cannot overlap; rows of any origin are not trusted to."""
    other = Behind(ecu="telematics gateway", ports=(44_000, 45_999), addresses=frozenset({"fd64::13"}))
    both = Senders(ecu="T-Box", behind=(IVI, other))
    assert both.of(Address(ip="10.64.0.2", port=44_500)) is None
    assert both.of(Address(ip="10.64.0.2", port=45_500)) == "telematics gateway"
