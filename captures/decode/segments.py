"""TCP segments by the thousand: the plain ones of a batch of packets found, sorted by flow and cut into runs.

A *plain* segment is TCP in IPv4 without options or fragments, or in IPv6 without extension headers, behind one VLAN tag
at most, and captured whole: the same that `captures.decode.link` would unwrap, told from columns of header fields.
What is not plain is left to be read by itself, and nothing is read across it: a tunnel may hold any flow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from captures.decode.link import GTP_PORT, IPV4, IPV6, TCP, UDP, VLANS
from captures.decode.streams import ACK, FIN, RST, SYN, Group, Run
from captures.pcapng.batch import Batch, Numbers, fields

_ALONE, _DATAGRAM, _CONTROL, _SEGMENT = range(4)
"""What a packet is: not plain, a plain UDP datagram, a plain segment that opens or ends, any other plain segment."""

_BARE = -1
_LINKS = {1: (12, 14), 12: (_BARE, 0), 14: (_BARE, 0), 101: (_BARE, 0), 113: (14, 16), 228: (_BARE, 0), 276: (0, 20)}
"""Link type to the places of the Ethertype and of what follows; some have none, and the packet tells its version."""

_U16 = np.dtype([("value", ">u2")])
_VERSION = np.dtype([("first", "u1")])
_IPV4 = np.dtype(
    {
        "names": ["first", "length", "flags", "protocol", "source", "destination"],
        "formats": ["u1", ">u2", ">u2", "u1", ">u4", ">u4"],
        "offsets": [0, 2, 6, 9, 12, 16],
    }
)
"""RFC 791 section 3.1."""
_IPV6 = np.dtype(
    {
        "names": ["first", "length", "protocol", "source", "destination"],
        "formats": ["u1", ">u2", "u1", (">u8", 2), (">u8", 2)],
        "offsets": [0, 4, 6, 8, 24],
    }
)
"""RFC 8200 section 3."""
_TCP = np.dtype(
    [("sport", ">u2"), ("dport", ">u2"), ("sequence", ">u4"), ("acknowledged", ">u4"), ("words", "u1"), ("flags", "u1")]
)
"""RFC 9293 section 3.1; UDP (RFC 768) has its ports there as well, and its length first behind them."""
_UDP_LENGTH = np.dtype([("ports", ">u4"), ("length", ">u2")])
_MASK = 0xFFFF_FFFF


Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """The packets of a batch, sorted out; the columns have one entry a packet."""

    batch: Batch
    kinds: Numbers
    flow: Numbers
    """The same number for packets of the same sender and receiver, on the same interface."""
    connection: Hashes
    """The same for both ways of a connection (and now and then, by chance, for two connections)."""
    sequence: Numbers
    acknowledged: Numbers
    flags: Numbers
    payload: Numbers
    """Where it begins in the view."""
    size: Numbers
    """Bytes of payload."""
    sent: Numbers
    """Bytes of payload of all packets before this one, and in the end of all."""
    alone: Numbers
    """Rows of packets that are not plain, and the number of rows."""

    def stretch(self, row: int, until: int, room: int) -> int:
        """The end of what can be read together from *row* on.

        :param until: the packet behind which it ends
        :param room: bytes of payload with which it ends behind the packet that brings more
        """
        end = min(int(self.alone[np.searchsorted(self.alone, row)]), max(until - self.batch.number, row) + 1)
        full = int(np.searchsorted(self.sent, self.sent[row] + room, side="right"))
        return min(end, full)

    def groups(self, row: int, end: int) -> Iterator[Group | int]:
        """What lies between two rows, in order of first packets; what stands for itself as its row."""
        kinds = self.kinds[row:end]
        found: list[tuple[int, Group | int]] = [
            (alone, alone) for alone in (np.flatnonzero(kinds != _SEGMENT) + row).tolist()
        ]
        found += [(group.row, group) for group in self._grouped(row + np.flatnonzero(kinds == _SEGMENT), row, end)]
        found.sort(key=lambda one: one[0])
        return (one for _, one in found)

    def _grouped(self, rows: Numbers, row: int, end: int) -> Iterator[Group]:
        """The groups of plain segments, none across a packet that opens or ends its connection."""
        if not len(rows):
            return
        flow = self.flow[rows]
        if (self.kinds[row:end] == _CONTROL).any():
            flow = flow * (end - row + 1) + self._epochs(row, end)[rows - row]
        order = np.argsort(flow, kind="stable")
        rows, flow = rows[order], flow[order]
        borders = np.flatnonzero(flow[1:] != flow[:-1]) + 1
        runs = self._runs(rows, flow)
        flags = self.flags[rows]
        for begin, stop in zip([0, *borders.tolist()], [*borders.tolist(), len(rows)], strict=True):
            first, last = int(rows[begin]), int(rows[stop - 1])
            told = np.flatnonzero(flags[begin:stop] & ACK)
            acknowledged = int(self.acknowledged[rows[begin + told[-1]]]) if len(told) else None
            own: list[Run] = []
            while runs and runs[-1][0] < stop:
                own.append(runs.pop()[1])
            size = sum(sum(map(len, run.payloads)) for run in own)
            yield Group(first, self.batch.number + last, int(self.batch.walls[last]), size, acknowledged, own)

    def _epochs(self, row: int, end: int) -> Numbers:
        """How many packets that open or end a connection stand before each packet of it (counted over all)."""
        order = np.argsort(self.connection[row:end], kind="stable")
        epochs = np.empty(end - row, np.int64)
        epochs[order] = np.cumsum(self.kinds[row:end][order] == _CONTROL)
        return epochs

    def _runs(self, rows: Numbers, flow: Numbers) -> list[tuple[int, Run]]:
        """The runs in *rows*, which are sorted by flow, each with the place of its first row there; the last first."""
        batch = self.batch
        holding = np.flatnonzero(self.size[rows])
        if not len(holding):
            return []
        rows, flow = rows[holding], flow[holding]
        sequence, size, start = self.sequence[rows], self.size[rows], self.payload[rows]
        breaks = (flow[1:] != flow[:-1]) | (sequence[1:] != ((sequence[:-1] + size[:-1]) & _MASK))
        begins = [0, *(np.flatnonzero(breaks) + 1).tolist()]
        payloads = batch.pieces(start.tolist(), (start + size).tolist())
        walls, packets = batch.walls[rows].tolist(), (rows + batch.number).tolist()
        runs = [
            (int(holding[begin]), Run(int(sequence[begin]), payloads[begin:end], walls[begin:end], packets[begin:end]))
            for begin, end in zip(begins, [*begins[1:], len(rows)], strict=True)
        ]
        runs.reverse()
        return runs


def segments(batch: Batch) -> Segments | None:
    """The packets of *batch*, sorted out; None if there is nothing plain among them."""
    view, places = batch.view, batch.starts
    frame_end = places + batch.sizes
    tags, networks = (
        np.array([_LINKS.get(place.link_type, (_BARE, 0))[part] for place in batch.places], np.int64)[batch.place]
        for part in (0, 1)
    )
    known = np.array([place.link_type in _LINKS for place in batch.places])[batch.place]
    tag, network = places + tags, places + networks
    ethertype = fields(view, _U16, tag)["value"].astype(np.int64)
    tagged = np.isin(ethertype, list(VLANS)) & (tags != _BARE)
    ethertype = np.where(tagged, fields(view, _U16, network + 2)["value"], ethertype)
    network = network + 4 * tagged
    first = fields(view, _VERSION, network)["first"].astype(np.int64)
    told = np.where(first >> 4 == 4, IPV4, IPV6)
    ethertype = np.where(tags == _BARE, told, ethertype)

    v4, v6 = fields(view, _IPV4, network), fields(view, _IPV6, network)
    is_v4 = (ethertype == IPV4) & (first == 0x45) & (v4["flags"] & 0x3FFF == 0) & (v4["length"] >= 20)
    is_v6 = (ethertype == IPV6) & (first >> 4 == 6)
    header = np.where(is_v4, 20, 40)
    transport = network + header
    end = network + np.where(is_v4, v4["length"].astype(np.int64), 40 + v6["length"].astype(np.int64))
    protocol = np.where(is_v4, v4["protocol"], v6["protocol"])
    whole = known & (is_v4 | is_v6) & (end <= frame_end)

    tcp, udp = fields(view, _TCP, transport), fields(view, _UDP_LENGTH, transport)
    is_tcp = whole & (protocol == TCP) & (end - transport >= 20)
    is_udp = whole & (protocol == UDP) & (end - transport >= 8) & (tcp["dport"] != GTP_PORT)
    if not is_tcp.any():
        return None
    flags = tcp["flags"].astype(np.int64)
    kinds = np.select([is_tcp & (flags & (SYN | FIN | RST) == 0), is_tcp, is_udp], [_SEGMENT, _CONTROL, _DATAGRAM])
    payload = transport + np.where(is_tcp, (tcp["words"] >> 4) * np.int64(4), 8)
    length = udp["length"].astype(np.int64)
    datagram_end = np.where(length >= 8, np.minimum(transport + length, end), end)
    size = np.maximum(np.where(is_tcp, end, datagram_end) - payload, 0) * (kinds != _ALONE)
    interfaces = [place.interface for place in batch.places]
    interface = np.array([interfaces.index(name) for name in interfaces], np.uint64)[batch.place]
    columns = [interface, tcp["sport"].astype(np.uint64), tcp["dport"].astype(np.uint64)]
    for name in ("source", "destination"):
        columns += [np.where(is_v4, v4[name], v6[name][:, part]).astype(np.uint64) for part in (0, 1)]
    _, sport, dport, *ends = columns
    there, back = _mixed(sport, *ends[:2]), _mixed(dport, *ends[2:])
    flow = _numbered(_mixed(there, back, interface, is_v4.astype(np.uint64)), [*columns, is_v4])
    if flow is None:
        return None
    return Segments(
        batch=batch,
        kinds=kinds,
        flow=flow,
        connection=there + back,
        sequence=tcp["sequence"].astype(np.int64),
        acknowledged=tcp["acknowledged"].astype(np.int64),
        flags=flags,
        payload=payload,
        size=size,
        sent=np.concatenate([[0], np.cumsum(size)]),
        alone=np.append(np.flatnonzero(kinds == _ALONE), len(batch)),
    )


def _mixed(*columns: Hashes) -> Hashes:
    """Columns made one, whose entries differ where those of the columns do, but for accidents."""
    mixed = np.zeros(len(columns[0]), np.uint64)
    for column in columns:  # the finalizer of MurmurHash3, 64 bits
        mixed = (mixed ^ column) * np.uint64(0xFF51AFD7ED558CCD)
        mixed ^= mixed >> np.uint64(33)
        mixed *= np.uint64(0xC4CEB9FE1A85EC53)
        mixed ^= mixed >> np.uint64(33)
    return mixed


def _numbered(mixed: Hashes, columns: list[npt.NDArray[np.uint64]]) -> Numbers | None:
    """Numbers from 0 for the different entries; None after an accident, when different *columns* were mixed alike."""
    _, first, numbers = np.unique(mixed, return_index=True, return_inverse=True)
    original = first[numbers]
    if any((column[original] != column).any() for column in columns):
        return None
    return numbers
