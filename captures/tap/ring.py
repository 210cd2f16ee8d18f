"""Packets as the kernel hands them over: a TPACKET_V3 ring, which is a scapy socket as well.

Source: packet(7) and Documentation/networking/packet_mmap.rst of Linux; structures of linux/if_packet.h. The kernel
copies packets into blocks of memory that it shares with this process and hands a block over when it is full or
some milliseconds old. No system call is needed for a packet, the memory is the kernel's own (SO_RCVBUFFORCE, refused to
ordinary users, is not needed), and what found no room is counted.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import socket
import struct
from collections.abc import Iterator
from typing import Any

from scapy.config import conf
from scapy.data import ETH_P_ALL, SOL_PACKET
from scapy.packet import Packet as ScapyPacket
from scapy.supersocket import SuperSocket

from captures.pcapng import ETHERNET
from captures.tap.counts import Tally
from captures.tap.interface import Nic
from telltale.errors import RigError

BLOCK = 1 << 20
"""Bytes of a block. A super-packet of 64 KiB does not leave much of it unused."""
HANDOVER = 10
"""Milliseconds after which the kernel hands over a block that is not full."""

_PACKET_ADD_MEMBERSHIP, _PACKET_RX_RING, _PACKET_STATISTICS, _PACKET_VERSION = 1, 5, 6, 10
_PACKET_MR_PROMISC = 1
_TPACKET_V3 = 2
_PACKET_OUTGOING = 4
_TP_STATUS_USER = 1
_TP_STATUS_VLAN_VALID, _TP_STATUS_VLAN_TPID_VALID = 1 << 4, 1 << 6
_ETH_P_8021Q = 0x8100

_REQUEST = struct.Struct("=7I")  # tpacket_req3
_STATISTICS = struct.Struct("=3I")  # tpacket_stats_v3: packets (drops among them), drops, freezes
_BLOCK = struct.Struct("=III")  # tpacket_hdr_v1, after 8 bytes: status, packets, offset of the first
# tpacket3_hdr: next, s, ns, captured, length, status, offset of the data, …, VLAN tag and its protocol; then the
# sockaddr_ll at 48, of which only the packet's type matters
_HEADER = struct.Struct("=IIIIIIH6xIH20xB")
_FRAME_SIZE = 2048  # without meaning in TPACKET_V3, but checked

Frame = tuple[int, memoryview | bytes, int, bool]
"""A packet in the ring: wall time in ns, data (valid until the next packet is asked for), length on the interface, and
whether this host sent it. A plain tuple, because one is made for every packet."""


class RingSocket(SuperSocket):
    """All packets of one interface, both directions. scapy's tools (``sniff(opened_socket=…)``) work on it.

    :param size: bytes of the ring, rounded up to whole blocks
    :raises RigError: the kernel refuses it (CAP_NET_RAW is needed), or has no memory for it
    """

    nonblocking_socket = True  # for scapy: recv may come back with nothing

    def __init__(self, nic: Nic, *, size: int) -> None:
        # SuperSocket's own __init__ would open another socket and look for the host's default interface
        self.iface = nic.name
        self.promisc = True
        self.captured = Tally()
        """What was taken from the ring, in the lengths that the kernel counts on the interface."""
        self._nic = nic
        self._blocks = max(-(-size // BLOCK), 2)
        self._next = 0
        self._dropped = 0
        self._taken: Iterator[Frame] | None = None
        try:
            self.ins = self.outs = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
        except PermissionError:
            raise RigError(
                "packets cannot be captured: it takes root, CAP_NET_RAW or a namespace of one's own"
            ) from None
        try:
            self.ins.setsockopt(SOL_PACKET, _PACKET_VERSION, _TPACKET_V3)
            frames = BLOCK // _FRAME_SIZE * self._blocks
            request = _REQUEST.pack(BLOCK, self._blocks, _FRAME_SIZE, frames, HANDOVER, 0, 0)
            self.ins.setsockopt(SOL_PACKET, _PACKET_RX_RING, request)
            self._map = mmap.mmap(self.ins.fileno(), BLOCK * self._blocks)
            self.ins.bind((nic.name, ETH_P_ALL))
            # what the unit multicasts to groups that this host has not joined would be left out by the network card
            promiscuous = struct.pack("=iHH8x", nic.index, _PACKET_MR_PROMISC, 0)
            self.ins.setsockopt(SOL_PACKET, _PACKET_ADD_MEMBERSHIP, promiscuous)
        except OSError as error:
            self.ins.close()
            raise RigError(
                f"no ring of {BLOCK * self._blocks >> 20} MiB for packets of `{nic.name}`: {error.strerror}"
            ) from None
        self._view = memoryview(self._map)

    def frames(self) -> Iterator[Frame]:
        """The packets of every block that the kernel has handed over by now; a block goes back when they are taken."""
        view, unpack, ethernet = self._view, _HEADER.unpack_from, self._nic.link_type == ETHERNET
        while True:
            start = self._next * BLOCK
            status, count, offset = _BLOCK.unpack_from(view, start + 8)
            if not status & _TP_STATUS_USER:
                return
            at = start + offset
            packets = size = out_packets = out_size = 0
            for _ in range(count):
                step, seconds, fraction, captured, length, flags, mac, tag, tpid, kind = unpack(view, at)
                data: memoryview | bytes = view[at + mac : at + mac + captured]
                if flags & _TP_STATUS_VLAN_VALID and ethernet:
                    data = _tagged(data, tag, tpid if flags & _TP_STATUS_VLAN_TPID_VALID else _ETH_P_8021Q)
                    captured, length = captured + 4, length + 4
                outgoing = kind == _PACKET_OUTGOING
                if outgoing:
                    out_packets += 1
                    out_size += captured
                else:
                    packets += 1
                    size += captured
                yield seconds * 1_000_000_000 + fraction, data, length, outgoing
                at += step
            self.captured += Tally(packets, size, out_packets, out_size)
            view[start + 8 : start + 12] = bytes(4)  # TP_STATUS_KERNEL: the block is the kernel's again
            self._next = (self._next + 1) % self._blocks

    def dropped(self) -> int:
        """Packets that found no room in the ring since it was opened."""
        statistics = self.ins.getsockopt(SOL_PACKET, _PACKET_STATISTICS, _STATISTICS.size)
        self._dropped += _STATISTICS.unpack(statistics)[1]  # reading sets the kernel's count back to 0
        return self._dropped

    def trouble(self) -> str | None:
        """An error that the kernel left on the socket, e.g. that the interface went down; reading clears it."""
        code = self.ins.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return os.strerror(code) if code else None

    def recv_raw(self, x: int = 0xFFFF) -> tuple[type[ScapyPacket] | None, bytes | None, float | None]:
        """One packet for scapy: its class, its bytes, its time in seconds; nothing if there is none at the moment."""
        if self._taken is None:
            self._taken = self.frames()
        frame = next(self._taken, None)
        if frame is None:
            self._taken = None
            return None, None, None
        wall, data, _, _ = frame
        return self._layer(), bytes(data[:x]), wall / 1e9

    def close(self) -> None:
        """Give the ring back to the kernel; packets in it are lost."""
        if not self.closed and hasattr(self, "_view"):
            self._taken = None
            self._view.release()
            with contextlib.suppress(BufferError):  # whoever still holds a packet keeps the memory until it is let go
                self._map.close()
        super().close()

    def _layer(self) -> Any:
        """scapy's class for the interface's packets. Its layers are loaded here, which the tap never needs."""
        from scapy.layers import l2  # noqa: F401, PLC0415 - fills conf.l2types; half a second

        return conf.l2types.num2layer.get(self._nic.link_type, conf.raw_layer)


def _tagged(data: memoryview | bytes, tag: int, protocol: int) -> bytes:
    """An Ethernet frame with the VLAN tag that the kernel took out of it (IEEE 802.1Q 9.6)."""
    return bytes(data[:12]) + struct.pack("!HH", protocol, tag & 0xFFFF) + bytes(data[12:])
