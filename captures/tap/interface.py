"""What the kernel says about a network interface: counters, link type, offloads.

Asked through sockets of the process' own network namespace: which /proc and /sys are mounted does not matter.
"""

from __future__ import annotations

import array
import errno
import fcntl
import os
import socket
import struct
from types import MappingProxyType
from typing import Final

from captures.pcapng import ETHERNET, RAW_IP
from captures.tap.counts import Tally
from telltale.errors import RigError, near_miss

# linux/rtnetlink.h, linux/if_link.h
_RTM_NEWSTATS, _RTM_GETSTATS = 92, 94
_NLM_F_REQUEST = 1
_NLMSG_ERROR = 2
_IFLA_STATS_LINK_64 = 1
_MESSAGE = struct.Struct("=IHHII")  # nlmsghdr
_STATS_MESSAGE = struct.Struct("=BBHII")  # if_stats_msg
_STATS_64 = struct.Struct("=8Q")  # rtnl_link_stats64: packets, bytes, errors, dropped; rx and tx of each

# linux/sockios.h, linux/ethtool.h
_SIOCGIFHWADDR: Final = 0x8927
_SIOCETHTOOL: Final = 0x8946
_OFFLOADS: Final = MappingProxyType({"gro": 0x2B, "gso": 0x23, "tso": 0x1E})
_ETHTOOL_GFLAGS: Final = 0x25
_ETH_FLAG_LRO: Final = 1 << 15
_ETHTOOL_GDRVINFO: Final = 0x03
_DRIVER_INFO: Final = struct.Struct("=I32s160x")  # ethtool_drvinfo: command, driver, and what is of no interest
_ETHERNET_HEADER: Final = 14

_LINK_TYPES = MappingProxyType(
    {  # ARPHRD of linux/if_arp.h to LINKTYPE of the tcpdump.org registry
        1: ETHERNET,
        772: ETHERNET,  # loopback wears an Ethernet header of zeros
        512: RAW_IP,  # point to point: the packet socket shows no PPP header
        519: RAW_IP,
        65534: RAW_IP,  # tun, and modems in raw-ip mode
        801: 105,  # IEEE 802.11
        803: 127,  # radiotap
    }
)


class Nic:
    """A network interface of this network namespace.

    :raises RigError: there is none of that name, or its link type is not known
    """

    def __init__(self, name: str) -> None:
        self.name = name
        try:
            self.index = socket.if_nametoindex(name)
        except OSError:
            known = [known for _, known in socket.if_nameindex()]
            raise RigError(f"there is no network interface `{name}`" + near_miss(name, known)) from None
        self._netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._netlink.settimeout(5)
        self._any = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        hardware = fcntl.ioctl(self._any, _SIOCGIFHWADDR, struct.pack("=16s24x", name.encode()))
        self.hardware_type: int = struct.unpack_from("=H", hardware, 16)[0]
        """ARPHRD number."""
        if self.hardware_type not in _LINK_TYPES:
            raise RigError(f"network interface `{name}` is of hardware type {self.hardware_type}, which is not known")
        self.link_type = _LINK_TYPES[self.hardware_type]
        """LINKTYPE number."""
        self._uncounted = _ETHERNET_HEADER if self._driver() == "bridge" else 0
        """Bytes of each received packet that the counter leaves out: a bridge counts without the link-layer header
        what it receives, and with it what it sends (net/bridge, br_pass_frame_up and br_dev_xmit)."""

    def counters(self) -> tuple[Tally, int]:
        """What passed the interface since it was made, and how many packets it refused to send (rtnetlink(7)).

        :raises RigError: the interface is gone
        """
        length = _MESSAGE.size + _STATS_MESSAGE.size
        self._netlink.send(
            _MESSAGE.pack(length, _RTM_GETSTATS, _NLM_F_REQUEST, 0, 0)
            + _STATS_MESSAGE.pack(socket.AF_UNSPEC, 0, 0, self.index, 1 << (_IFLA_STATS_LINK_64 - 1))
        )
        answer = self._netlink.recv(1 << 14)
        _, kind, _, _, _ = _MESSAGE.unpack_from(answer)
        if kind == _NLMSG_ERROR:
            code = -struct.unpack_from("=i", answer, _MESSAGE.size)[0]
            reason = "is gone" if code == errno.ENODEV else f"has no counters: {os.strerror(code)}"
            raise RigError(f"network interface `{self.name}` {reason}")
        rx_packets, tx_packets, rx_bytes, tx_bytes, _, _, _, refused = _STATS_64.unpack_from(answer, length + 4)
        return Tally(rx_packets, rx_bytes + rx_packets * self._uncounted, tx_packets, tx_bytes), refused

    def offloads(self) -> tuple[str, ...]:
        """Offloads that are on and make the interface count other packets than it captures."""
        found = [name for name, command in _OFFLOADS.items() if self._ethtool(command)]
        return (*found, "lro") if self._ethtool(_ETHTOOL_GFLAGS) & _ETH_FLAG_LRO else tuple(found)

    def _driver(self) -> str | None:
        """Name of the interface's driver; None where it tells none."""
        value = array.array("B", _DRIVER_INFO.pack(_ETHTOOL_GDRVINFO, b""))
        request = struct.pack("@16sP16x", self.name.encode(), value.buffer_info()[0])
        try:
            fcntl.ioctl(self._any, _SIOCETHTOOL, request)
        except OSError:
            return None
        driver: bytes = _DRIVER_INFO.unpack(value)[1]
        return driver.rstrip(b"\0").decode("ascii", errors="replace")

    def _ethtool(self, command: int) -> int:
        """The value of an ETHTOOL_G… command; 0 where the interface does not know it."""
        value = array.array("I", [command, 0])
        request = struct.pack("@16sP16x", self.name.encode(), value.buffer_info()[0])
        try:
            fcntl.ioctl(self._any, _SIOCETHTOOL, request)
        except OSError:
            return 0
        return value[1]

    def close(self) -> None:
        """Close the sockets it was asked through."""
        self._netlink.close()
        self._any.close()
