"""What an engineer sets up once on a bench host: each uplink's interface becomes a port of a bridge.

Runs in the host's place, a network namespace that is a plain router. The bridge takes over the interface's addresses.
"""

import socket
import sys
from pathlib import Path

from pyroute2.iproute.linux import IPRoute

NO_DAD = 0x02
for tables in ("iptables", "ip6tables"):
    setting = Path(f"/proc/sys/net/bridge/bridge-nf-call-{tables}")
    if setting.exists():
        setting.write_text("0")

with IPRoute() as netlink:
    for interface, bridge in (pair.split("=") for pair in sys.argv[1:]):
        port = netlink.link_lookup(ifname=interface)[0]
        mac = netlink.get_links(port)[0].get_attr("IFLA_ADDRESS")
        netlink.link("add", ifname=bridge, kind="bridge", address=mac)
        index = netlink.link_lookup(ifname=bridge)[0]
        found = [
            (family, message.get_attr("IFA_ADDRESS"), message["prefixlen"])
            for family in (socket.AF_INET, socket.AF_INET6)
            for message in netlink.get_addr(family=family, index=port)
        ]
        onward = [
            (message["family"], message.get_attr("RTA_DST"), message["dst_len"], message.get_attr("RTA_GATEWAY"))
            for message in netlink.get_routes(oif=port)
            if message.get_attr("RTA_GATEWAY")
        ]
        netlink.flush_addr(index=port)
        netlink.link("set", index=port, master=index)
        netlink.link("set", index=index, state="up")
        for family, address, prefix in found:
            flags = NO_DAD if family == socket.AF_INET6 else 0
            netlink.addr("add", index=index, family=family, address=address, prefixlen=prefix, flags=flags)
        for family, destination, length, gateway in onward:
            netlink.route("replace", family=family, dst=f"{destination}/{length}", gateway=gateway, oif=index)
