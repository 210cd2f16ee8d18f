"""A port of a bridge as the command of coverage, in a network of its own."""

import sys

IN_A_NETWORK = """
import socket
from pyroute2.iproute.linux import IPRoute
from rigs.addresses import CoverageAddress
from rigs.drivers.coverage import RealCoverage
from rigs.instruments import MissingInstrumentError

with IPRoute() as netlink:
    netlink.link("add", ifname="cover0", kind="veth", peer="cover1")
    for name in ("cover0", "cover1"):
        netlink.link("set", index=socket.if_nametoindex(name), state="up")

    def carrier():
        (link,) = netlink.get_links(socket.if_nametoindex("cover1"))
        return link.get_attr("IFLA_CARRIER")

    coverage = RealCoverage(CoverageAddress.model_validate({"wifi": {"interface": "cover0"}}), {"wifi": "wifi"})
    print(dict(coverage.uplinks), coverage.says(), carrier())
    coverage.lost("wifi")
    print(coverage.says(), carrier())
    coverage.back("wifi")
    print(coverage.says(), carrier())
    try:
        coverage.slow("wifi", 64000)
    except MissingInstrumentError as error:
        print(error)
    coverage.lost("wifi")
    coverage.close()
    print(carrier())
    netlink.link("del", index=socket.if_nametoindex("cover0"))
"""


def test_the_far_end_of_a_port_that_is_set_down_loses_its_carrier(output):
    """And has it back when the bench lets go."""
    assert output("gateway", [sys.executable, "-c", IN_A_NETWORK]).splitlines() == [
        "{'wifi': 'wifi'} wifi by cover0, which is up 1",
        "wifi by cover0, which is down 0",
        "wifi by cover0, which is up 1",
        "the port cover0 can be set down and up, and not be slowed to 64000 bit/s each way",
        "1",
    ]
