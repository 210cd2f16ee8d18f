"""Packets read by the batch say exactly what the same packets say one by one."""

import gzip
import itertools
import random
import socket
import struct
import sys
from pathlib import Path

import pytest

from captures.decode import Decoding, KeyLog, Setting, decoding
from captures.pcapng import CaptureFile, Packet, batch
from captures.sources import open_source, packets

FIN, SYN, RST, ACK = 1, 2, 4, 16
BEGIN = 1_790_000_000
UNITS = 1_000_000


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Batches however few packets there are."""
    monkeypatch.setattr(batch, "_FEW", 1)
    monkeypatch.setattr(decoding, "_FEW", 1)


def v4(source, destination, protocol, data, *, options=b"", ident=0, place=0, length=None) -> bytes:
    size = 20 + len(options) + len(data) if length is None else length
    first = 0x45 + len(options) // 4
    head = struct.pack("!BBHHHBBH", first, 0, size, ident, place, 64, protocol, 0)
    return head + socket.inet_aton(source) + socket.inet_aton(destination) + options + data


def v6(source, destination, protocol, data) -> bytes:
    ends = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination)
    return struct.pack("!IHBB", 6 << 28, len(data), protocol, 64) + ends + data


def tcp(sport, dport, sequence, acknowledged, flags, data, options=b"") -> bytes:
    words = (5 + len(options) // 4) << 4
    numbers = (sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF)
    return struct.pack("!HHIIBBHHH", sport, dport, *numbers, words, flags, 65535, 0, 0) + options + data


def udp(sport, dport, data) -> bytes:
    return struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data


def framed(ip: bytes, tags: bytes = b"") -> bytes:
    return bytes(12) + tags + (b"\x08\x00" if ip[0] >> 4 == 4 else b"\x86\xdd") + ip


class Talk:
    """A connection as the frames that it shows in, and what befalls them."""

    def __init__(self, luck: random.Random, port: int) -> None:
        self.luck = luck
        self.ports = (port, 8080)
        self.six = luck.random() < 0.3
        self.ends = ("fd00::2", "fd00::10") if self.six else ("10.64.0.2", "203.0.113.10")
        self.first = [luck.choice([0xFFFFF000, 0x7FFFFF00, luck.randrange(1 << 32)]) for _ in range(2)]
        self.at = [0, 0]
        self.frames: list[bytes] = []

    def put(self, side: int, flags: int, data: bytes = b"", back: int = 0) -> None:
        there = 1 if side else -1
        options = bytes([1]) * 12 if self.luck.random() < 0.5 else b""
        numbers = (self.first[side] + self.at[side] - back, self.first[1 - side] + self.at[1 - side])
        segment = tcp(*self.ports[::-there], *numbers, flags, data, options)
        self.frames += self.wrapped(self.ends[::-there], segment)

    def wrapped(self, pair, segment: bytes) -> list[bytes]:
        kind = self.luck.choices(["plain", "vlan", "qinq", "options", "fragments", "tunnel"], [90, 5, 1, 1, 1, 3])[0]
        wrap = v6 if self.six else v4
        if kind == "options" and not self.six:
            return [framed(v4(*pair, 6, segment, options=b"\x94\x04\0\0"))]
        if kind == "fragments" and not self.six:
            cut, ident = len(segment) // 16 * 8, self.luck.randrange(1 << 16)
            pieces = ((segment[:cut], 0x2000), (segment[cut:], cut // 8))
            return [framed(v4(*pair, 6, piece, ident=ident, place=place)) for piece, place in pieces]
        if kind == "tunnel":
            inside = wrap(*pair, 6, segment)
            gtp = struct.pack("!BBHI", 0x30, 255, len(inside), 7) + inside
            return [framed(v4("10.0.0.1", "10.0.0.2", 17, udp(2152, 2152, gtp)))]
        tags = {"vlan": b"\x81\x00\x00\x05", "qinq": b"\x88\xa8\x00\x05\x81\x00\x00\x06"}.get(kind, b"")
        return [framed(wrap(*pair, 6, segment), tags)]

    def request(self, number: int) -> None:
        luck = self.luck
        body = luck.randbytes(luck.choice([0, 1, 300, 5000]))
        head = f"POST /{number} HTTP/1.1\r\nHost: cloud.example\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        request, step = head + body, luck.choice([100, 700, 1400])
        for start in range(0, len(request), step):
            piece = request[start : start + step]
            self.put(0, ACK, piece)
            self.at[0] += len(piece)
            if luck.random() < 0.2:
                self.put(1, ACK)
            if luck.random() < 0.05:  # once more, with other borders
                again = request[max(start - 50, 0) : start + len(piece)]
                self.put(0, ACK, again, back=len(again))
        answer = b"HTTP/1.1 204 No Content\r\n\r\n"
        self.put(1, ACK, answer)
        self.at[1] += len(answer)

    def made(self) -> list[bytes]:
        luck = self.luck
        if luck.random() < 0.8:
            self.put(0, SYN, back=1)
            self.put(1, SYN | ACK, back=1)
        for number in range(luck.randrange(1, 12)):
            self.request(number)
        for side in luck.choice([(), (0,), (0, 1)]):
            self.put(side, FIN | ACK, luck.choice([b"", b"last"]))
        if luck.random() < 0.1:
            self.put(1, RST)
        return self.frames


def other(luck: random.Random) -> bytes:
    """What is no TCP."""
    query = b"\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05cloud\x07example\x00\x00\x01\x00\x01"
    return luck.choice(
        [
            framed(v4("10.64.0.2", "203.0.113.53", 17, udp(40000 + luck.randrange(5), 53, query))),
            framed(v6("fd00::2", "fd00::53", 17, udp(50000, 7002, luck.randbytes(luck.randrange(600))))),
            framed(v4("10.64.0.2", "203.0.113.10", 1, b"ping")),
            framed(v4("10.64.0.2", "203.0.113.10", 6, b"\x1f\x90" * 4)),
            framed(v4("10.64.0.2", "203.0.113.10", 6, tcp(1, 2, 3, 4, ACK, b"abc"), length=0)),
            bytes(12) + b"\x08\x06" + bytes(28),
            bytes(12) + b"\x08\x00",
            luck.randbytes(luck.randrange(60)),
        ]
    )


def shuffled(luck: random.Random) -> list[bytes]:
    """Connections side by side, on ports that come again; some packets lost, repeated, or out of order."""
    going = [Talk(luck, 20_000 + luck.randrange(12)).made() for _ in range(40)]
    frames: list[bytes] = []
    while going:
        current = luck.choice(going[:6])
        taken, current[:] = current[: (many := luck.choice([1, 1, 2, 8]))], current[many:]
        for frame in taken:
            fate = luck.random()
            frames += [frame] * (0 if fate < 0.02 else 2 if fate > 0.98 else 1)
            if 0.96 < fate < 0.98 and len(frames) > 3:
                frames[-1], frames[-3] = frames[-3], frames[-1]
        if not current:
            going.remove(current)
        if luck.random() < 0.1:
            frames.append(other(luck))
    return frames


def traffic(seed: int) -> list[tuple[int, bytes, int]]:
    """Time in microseconds, captured bytes and original length of packets."""
    luck = random.Random(seed)
    now, found = BEGIN * UNITS, []
    for frame in shuffled(luck):
        now += luck.choice([150, 150, 150, -20, 90_000, 1_100_000])
        cut = len(frame) if luck.random() < 0.99 else luck.randrange(len(frame) + 1)
        found.append((now, frame[:cut], len(frame)))
    return found


def pcap(order: str, magic: int, made) -> bytes:
    unit = 1 if magic == 0xA1B2C3D4 else 1000
    head = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 1 << 18, 1)
    return head + b"".join(
        struct.pack(order + "IIII", now // UNITS, now % UNITS * unit, len(data), size) + data
        for now, data, size in made
    )


def pcapng(order: str, made, resolution: int = 6, offset: int = 0) -> bytes:
    """Three interfaces, of which two have one name; now and then a block of another kind, or a direction."""

    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)

    def option(code: int, value: bytes) -> bytes:
        return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)

    luck = random.Random(7)
    units = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution
    out = [block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))]
    for name in (b"cell0", b"wifi0", b"cell0"):
        told = option(2, name) + option(9, bytes([resolution])) + option(14, struct.pack(order + "q", offset))
        out.append(block(1, struct.pack(order + "HHI", 1, 0, 0) + told + option(0, b"")))
    for now, data, size in made:
        ticks = now * units // UNITS
        head = struct.pack(
            order + "IIIII", luck.choice([0, 0, 0, 1, 2]), ticks >> 32, ticks & 0xFFFFFFFF, len(data), size
        )
        flags = option(2, struct.pack(order + "I", luck.choice([1, 2])))
        told = luck.choice([b"", flags + option(0, b""), option(1, b"seen") + flags])
        out.append(block(6, head + data + bytes(-len(data) % 4) + told))
        if luck.random() < 0.01:
            out.append(block(luck.choice([3, 5]), struct.pack(order + "I", len(data)) + data + bytes(8)))
    return b"".join(out)


FILES = {
    "pcap": lambda made: pcap("<", 0xA1B2C3D4, made),
    "pcap, big-endian": lambda made: pcap(">", 0xA1B2C3D4, made),
    "pcap, nanoseconds": lambda made: pcap("<", 0xA1B23C4D, made),
    "pcapng": lambda made: pcapng("<", made),
    "pcapng, big-endian, nanoseconds": lambda made: pcapng(">", made, 9),
    "pcapng, binary fractions": lambda made: pcapng("<", made, 0x80 | 20),
    "pcapng, times beyond 64 bits": lambda made: pcapng("<", made, 3, offset=1 << 40),
}


def read(file: CaptureFile, packets) -> list:
    decoded = Decoding(Setting(units=frozenset({"10.64.0.2"})), keylog=KeyLog())
    sent = list(decoded.run(packets))
    return [sent, decoded.notes, dict(decoded.accounts), decoded.accounts.background, file.truncated]


def alone(file: CaptureFile):
    """The packets of the batches of a file, one by one."""
    for one in file.batches():
        yield from [one] if isinstance(one, Packet) else map(one.packet, range(len(one)))


@pytest.mark.parametrize("name", FILES)
def test_a_batch_has_the_packets_that_are_read_one_by_one(tmp_path, name):
    path = tmp_path / "capture"
    path.write_bytes(FILES[name](traffic(1)))
    assert list(alone(CaptureFile(path))) == list(CaptureFile(path).packets())
    assert any(not isinstance(one, Packet) for one in CaptureFile(path).batches())


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", FILES)
def test_transmissions_notes_and_accounts_are_the_same_by_the_batch(tmp_path, monkeypatch, name, seed):
    """Whatever befell the packets, and however often it is looked for what has ended."""
    path = tmp_path / "capture"
    path.write_bytes(FILES[name](traffic(seed)))
    for often, slice_size in ((2048, 1 << 24), (100, 20_000)):
        monkeypatch.setattr(decoding, "_OFTEN", often)
        monkeypatch.setattr(decoding, "SLICE", slice_size)
        file = CaptureFile(path)
        expected = read(file, file.packets())
        assert len(expected[0]) > 50
        assert read(file, file.batches()) == expected


@pytest.mark.parametrize("tags", [b"", b"\x81\x00\x00\x05"])
@pytest.mark.parametrize("six", [False, True])
def test_the_usual_segments_are_not_read_one_by_one(tmp_path, monkeypatch, tags, six):
    """IPv4 and IPv6, with and without a VLAN tag: 100 packets, of which one is looked at by itself."""
    ends, wrap = (("fd00::2", "fd00::10"), v6) if six else (("10.64.0.2", "203.0.113.10"), v4)
    made = [framed(wrap(*ends, 6, tcp(20_000, 7001, 1 + 4 * at, 1, ACK, b"data")), tags) for at in range(100)]
    path = tmp_path / "capture"
    path.write_bytes(pcap("<", 0xA1B2C3D4, [(BEGIN * UNITS, frame, len(frame)) for frame in made]))
    unwrapped = []
    unwrap = Decoding._unwrap
    monkeypatch.setattr(Decoding, "_unwrap", lambda self, packet: unwrapped.append(packet) or unwrap(self, packet))
    (sent,) = read(file := CaptureFile(path), file.batches())[0]
    assert sent.part("payload").data == b"data" * 100
    assert len(unwrapped) == 1


@pytest.mark.parametrize("most", [1, 7, 100])
def test_it_does_not_matter_where_a_batch_ends(tmp_path, monkeypatch, most):
    path = tmp_path / "capture"
    path.write_bytes(pcapng("<", traffic(4)))
    file = CaptureFile(path)
    expected = read(file, file.packets())
    monkeypatch.setattr(batch, "MOST", most)
    assert read(file, file.batches()) == expected


@pytest.mark.parametrize("name", ["pcap", "pcapng"])
def test_a_compressed_file_is_read_by_the_batch_as_well(tmp_path, monkeypatch, name):
    path = tmp_path / "capture.gz"
    path.write_bytes(gzip.compress(FILES[name](traffic(5))))
    source = open_source(path)
    monkeypatch.setattr(packets, "_LARGE", sys.maxsize)
    with monkeypatch.context() as patch:
        patch.delitem(sys.modules, "numpy", raising=False)
        expected = list(source.transmissions())
    monkeypatch.setattr(packets, "_LARGE", 0)
    assert list(source.transmissions()) == expected


@pytest.mark.parametrize("name", ["pcap", "pcapng"])
def test_damage_ends_a_batch_where_it_ends_the_packets(tmp_path, name):
    """Cut off, or with bytes turned over: the same packets, and the same words about it."""
    whole, luck = FILES[name](traffic(6)), random.Random(8)
    path = Path(tmp_path / "capture")
    for _ in range(25):
        damaged = bytearray(whole[: luck.randrange(len(whole) // 2, len(whole))])
        for place in (luck.randrange(200, len(damaged)) for _ in range(luck.choice([0, 3]))):
            damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        one_by_one, batched = CaptureFile(path), CaptureFile(path)
        for expected, found in itertools.zip_longest(one_by_one.packets(), alone(batched)):
            assert found == expected
        assert batched.truncated == one_by_one.truncated
        assert read(batched, batched.batches()) == read(one_by_one, one_by_one.packets())


@pytest.mark.parametrize(("place", "value"), [(-4, 0), (4, 30), (4, 1 << 30), (8, 3), (20, 1 << 20)], ids=str)
def test_a_block_that_does_not_fit_ends_a_batch(tmp_path, place, value):
    """The second length, the first one, the interface, the captured length."""
    whole = bytearray(pcapng("<", traffic(6)))
    at = 0
    for number in range(50):
        kind, size = struct.unpack_from("<II", whole, at)
        if number > 40 and kind == 6:
            break
        at += size
    struct.pack_into("<I", whole, at + place % size, value)
    path = tmp_path / "capture"
    path.write_bytes(whole)
    one_by_one, batched = CaptureFile(path), CaptureFile(path)
    assert list(alone(batched)) == list(one_by_one.packets())
    assert batched.truncated == one_by_one.truncated
    assert f"byte {at}" in batched.truncated


def test_a_small_file_is_read_without_batches(tmp_path, monkeypatch):
    """They need numpy, which takes longer to load than it would save."""
    path = tmp_path / "capture.pcap"
    path.write_bytes(pcap("<", 0xA1B2C3D4, traffic(3)))
    monkeypatch.setattr(CaptureFile, "batches", lambda _: pytest.fail("was asked for batches"))
    monkeypatch.delitem(sys.modules, "numpy", raising=False)
    assert list(open_source(path).transmissions())
