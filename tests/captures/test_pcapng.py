"""Reading and writing packet captures."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.pcapng import ETHERNET, CaptureFile, Interface, PcapngWriter, read_packets
from telltale.errors import InputError

WALL = 1_790_000_000_123_456_789
CELL = Interface("cell0", ETHERNET, "cellular")
WIFI = Interface("wifi0", ETHERNET, "wifi")


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order):
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def described(order, *options, link_type=1, snap_length=0):
    return block(order, 1, struct.pack(order + "HHI", link_type, 0, snap_length) + b"".join(options))


def enhanced(order, ticks, data, *options, interface=0, original=None):
    head = struct.pack(order + "IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(data), original or len(data))
    return block(order, 6, head + data + bytes(-len(data) % 4) + b"".join(options))


def written(path, *pieces):
    path.write_bytes(b"".join(pieces))
    return CaptureFile(path)


def test_names_of_addresses_are_kept(tmp_path):
    """Of both IP versions, between the packets; the first name of an address counts, other records are passed over."""
    with PcapngWriter(tmp_path / "a.pcapng", [CELL]) as writer:
        writer.add_name(bytes([198, 18, 0, 1]), "tsp.example.test")
        writer.write(0, WALL, b"abc")
        writer.add_name(bytes(15) + b"\x01", "localhost")
        writer.add_name(bytes([198, 18, 0, 1]), "other.example.test")
    capture = CaptureFile(tmp_path / "a.pcapng")
    assert capture.names() == {"198.18.0.1": "tsp.example.test", "::1": "localhost"}
    records = option(">", 3, b"\x02\0\0\0\0\x01eui\0") + option(">", 1, b"\x0a\0\0\x01a.test\0b.test\0") + bytes(4)
    foreign = written(tmp_path / "b.pcapng", section(">"), block(">", 4, records))
    assert (foreign.names(), foreign.truncated) == ({"10.0.0.1": "a.test"}, None)


def test_a_name_block_whose_inside_does_not_fit_ends_the_file(tmp_path):
    damaged = written(tmp_path / "b.pcapng", section("<"), block("<", 4, struct.pack("<HH", 1, 99) + b"abcd"))
    assert "a block of type 4 whose inside does not fit" in damaged.truncated


def test_what_was_written_is_read(tmp_path):
    """Time to the nanosecond, interface, direction, original length and bytes survive the file."""
    path = tmp_path / "a.pcapng"
    with PcapngWriter(path, [CELL, WIFI]) as writer:
        writer.write(0, WALL, b"abc", outgoing=False)
        writer.write(1, WALL + 1, memoryview(b"defgh"), original_length=1500, outgoing=True)
        writer.write(1, WALL + 2, bytearray(b""))
    capture = CaptureFile(path)
    seen = [(p.number, p.wall, p.interface, bytes(p.data), p.original_length, p.outgoing) for p in capture.packets()]
    assert seen == [
        (0, WALL, "cell0", b"abc", 3, False),
        (1, WALL + 1, "wifi0", b"defgh", 1500, True),
        (2, WALL + 2, "wifi0", b"", 0, None),
    ]
    assert capture.interfaces == (CELL, WIFI)
    assert capture.truncated is None


def test_padding_of_a_used_buffer_is_wiped(tmp_path):
    """What an earlier packet left in the writer's memory never gets into the file."""
    path = tmp_path / "a.pcapng"
    with PcapngWriter(path, [CELL]) as writer:
        writer.write(0, WALL, b"secret" * 50)
        writer.flush()
        for _ in range(3):
            writer.write(0, WALL, b"x")
    assert path.read_bytes().count(b"x\0\0\0") == 3


def test_packets_larger_than_the_buffer_are_written(tmp_path):
    """A super-packet or a key log of any size makes its own room."""
    path = tmp_path / "a.pcapng"
    big = bytes(range(256)) * 12_000
    with PcapngWriter(path, [CELL]) as writer:
        writer.write(0, WALL, b"small")
        writer.write(0, WALL, big)
        writer.add_keylog(big + b"x" * len(big))
    capture = CaptureFile(path)
    assert [len(packet.data) for packet in capture.packets()] == [5, len(big)]
    assert len(capture.keylog()) == 2 * len(big) + 1


def test_key_logs_are_joined_in_order(tmp_path):
    """Several Decryption Secrets Blocks are one key log, each on whole lines."""
    path = tmp_path / "a.pcapng"
    with PcapngWriter(path, [CELL]) as writer:
        writer.add_keylog(b"CLIENT_RANDOM a b\n")
        writer.add_keylog(b"")
        writer.write(0, WALL, b"between")
        writer.add_keylog(b"CLIENT_RANDOM c d")
    assert CaptureFile(path).keylog() == b"CLIENT_RANDOM a b\nCLIENT_RANDOM c d\n"


def test_keys_can_be_asked_for_in_the_middle_of_the_packets(tmp_path):
    """A question about the whole file does not disturb an iteration that is under way."""
    path = tmp_path / "a.pcapng"
    with PcapngWriter(path, [CELL]) as writer:
        for _ in range(3):
            writer.write(0, WALL, b"abc")
        writer.add_keylog(b"keys\n")
    capture = CaptureFile(path)
    packets = capture.packets()
    next(packets)
    assert capture.keylog() == b"keys\n"
    assert [packet.number for packet in packets] == [1, 2]
    assert (capture.keylog(), capture.interfaces) == (b"keys\n", (CELL,))


def test_a_flushed_file_is_whole(tmp_path):
    """Another process can read everything up to the last flush while the writer goes on."""
    path = tmp_path / "a.pcapng"
    with PcapngWriter(path, [CELL]) as writer:
        assert (CaptureFile(path).interfaces, CaptureFile(path).truncated) == ((CELL,), None)
        writer.write(0, WALL, b"abc")
        writer.flush()
        writer.write(0, WALL, b"later")
        assert [bytes(packet.data) for packet in read_packets(path)] == [b"abc"]


def test_a_full_disk_leaves_whole_blocks(tmp_path):
    """When writing fails in the middle of a block, the file is cut back to its last whole one."""
    path = tmp_path / "a.pcapng"
    script = """
import resource, sys
from pathlib import Path
from captures.pcapng import Interface, PcapngWriter
writer = PcapngWriter(Path(sys.argv[1]), [Interface("cell0")])
writer.write(0, 1, b"kept")
writer.flush()
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
writer.write(0, 2, bytes(1 << 16))
try:
    writer.flush()
except OSError:
    writer.close()
    sys.exit(7)
"""
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == 7
    capture = CaptureFile(path)
    assert [bytes(packet.data) for packet in capture.packets()] == [b"kept"]
    assert capture.truncated is None


def test_a_path_that_cannot_be_written_is_told_at_once():
    """A device without space fails when the writer is made, not packets later."""
    with pytest.raises(OSError, match="No space left"):
        PcapngWriter(Path("/dev/full"), [CELL])


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_and_several_sections(tmp_path, order):
    """Interfaces are counted anew in each section, whatever its byte order."""
    other = {"<": ">", ">": "<"}[order]
    direction = option(order, 2, struct.pack(order + "I", 2)) + option(order, 0, b"")
    capture = written(
        tmp_path / "a.pcapng",
        section(order),
        described(order, option(order, 2, b"one"), option(order, 0, b"")),
        block(order, 5, bytes(12)),
        block(order, 0x0BAD, b"a block of a kind that nobody knows"),
        enhanced(order, 1_000_001, b"abc", option(order, 1, b"a comment"), direction),
        section(other),
        described(other, option(other, 2, b"two"), option(other, 9, b"\x09")),
        enhanced(other, WALL, b"defg", original=99),
    )
    seen = [(p.number, p.wall, p.interface, bytes(p.data), p.original_length, p.outgoing) for p in capture.packets()]
    assert seen == [(0, 1_000_001_000, "one", b"abc", 3, True), (1, WALL, "two", b"defg", 99, None)]
    assert [interface.name for interface in capture.interfaces] == ["one", "two"]
    assert capture.truncated is None


@pytest.mark.parametrize(
    ("resolution", "ticks", "expected"),
    [
        (b"\x00", 7, 7_000_000_000),
        (b"\x03", 1500, 1_500_000_000),
        (b"\x06", 1, 1_000),
        (b"\x09", 1, 1),
        (b"\x0c", 2_500, 2),
        (b"\x81", 3, 1_500_000_000),
        (b"\x9e", 1 << 29, 500_000_000),
    ],
)
def test_timestamp_resolutions(tmp_path, resolution, ticks, expected):
    """Powers of ten and of two, coarser and finer than a nanosecond, and an offset in seconds."""
    plain = tmp_path / "plain.pcapng"
    shifted = tmp_path / "shifted.pcapng"
    written(plain, section("<"), described("<", option("<", 9, resolution)), enhanced("<", ticks, b"a"))
    offset = option("<", 14, struct.pack("<q", -2))
    written(shifted, section("<"), described("<", option("<", 9, resolution), offset), enhanced("<", ticks, b"a"))
    assert [packet.wall for packet in read_packets(plain)] == [expected]
    assert [packet.wall for packet in read_packets(shifted)] == [expected - 2_000_000_000]


def test_simple_and_obsolete_packets(tmp_path):
    """Packets of the two older block types are not passed over: that would look like silence."""
    capture = written(
        tmp_path / "a.pcapng",
        section("<"),
        described("<", snap_length=4),
        block("<", 3, struct.pack("<I", 60) + b"abcd"),
        block("<", 3, struct.pack("<I", 2) + b"ef"),
        block("<", 2, struct.pack("<HHIIII", 0, 0, 0, 5, 3, 9) + b"ghi"),
    )
    seen = [(p.wall, bytes(p.data), p.original_length) for p in capture.packets()]
    assert seen == [(0, b"abcd", 60), (0, b"ef", 2), (5000, b"ghi", 9)]
    assert capture.truncated is None


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "unit"), [(0xA1B2C3D4, 1000), (0xA1B23C4D, 1)])
def test_classic_pcap(tmp_path, order, magic, unit):
    """Both byte orders, microseconds and nanoseconds; a cut record ends the packets and is told."""
    head = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 101)
    records = struct.pack(order + "IIII", 1_790_000_000, 5, 3, 1500) + b"abc"
    path = tmp_path / "a.pcap"
    capture = written(path, head, records, records)
    assert [(p.wall, p.link_type, bytes(p.data), p.original_length, p.outgoing) for p in capture.packets()] == [
        (1_790_000_000_000_000_000 + 5 * unit, 101, b"abc", 1500, None)
    ] * 2
    assert capture.truncated is None
    for missing in (1, 3, 4, 18):
        cut = written(path, (head + records + records)[:-missing])
        assert len(list(cut.packets())) == 1
        assert cut.truncated == "the file is cut off at byte 43"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b"{}", "is no pcap or pcapng capture: it begins with 7b 7d"),
        (b"\x0a\x0d\x0d\x0a" + bytes(30), "is no pcap or pcapng capture"),
        (b"\x1f\x8b\x08" + bytes(30), "is compressed with gzip; unpack it first"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", "cut off inside its first header"),
    ],
)
def test_what_is_no_capture_is_an_input_error(tmp_path, content, complaint):
    """One line with the file's name, what it is, and the mend where there is one."""
    path = tmp_path / "x.pcapng"
    path.write_bytes(content)
    with pytest.raises(InputError, match=complaint) as caught:
        CaptureFile(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_an_input_error(tmp_path):
    """So is a directory."""
    for path, complaint in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(InputError, match=complaint):
            read_packets(path)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (struct.pack("<II", 6, 8) + bytes(8), "a block of 8 bytes"),
        (struct.pack("<II", 6, 30) + bytes(30), "a block of 30 bytes"),
        (struct.pack("<II", 6, 16) + bytes(8), "two lengths differ"),
        (block("<", 6, bytes(8)), "whose inside does not fit"),
        (enhanced("<", 0, b"", interface=9), "whose inside does not fit"),
        (block("<", 6, struct.pack("<IIIII", 0, 0, 0, 400, 400)), "whose inside does not fit"),
        (block("<", 10, struct.pack("<II", 0x544C534B, 40)), "whose inside does not fit"),
        (block("<", 0x0A0D0D0A, bytes(16)), "without its byte-order magic"),
    ],
)
def test_damage_ends_the_packets_and_is_told(tmp_path, damage, told):
    """What follows a damaged block cannot be trusted; what precedes it is evidence."""
    start = section("<") + described("<") + enhanced("<", 0, b"abc")
    capture = written(tmp_path / "a.pcapng", start, damage, enhanced("<", 0, b"def"))
    assert [bytes(packet.data) for packet in capture.packets()] == [b"abc"]
    assert capture.truncated is not None
    assert f"damaged at byte {len(start)}" in capture.truncated
    assert told in capture.truncated


PACKETS = st.lists(
    st.tuples(
        st.integers(0, 1), st.integers(0, 2**64 - 1), st.binary(max_size=90), st.sampled_from([None, True, False])
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(packets=PACKETS, cut=st.integers(0, 2**16))
def test_every_whole_packet_before_a_cut_is_read(tmp_path_factory, packets, cut):
    """Wherever the file ends, no exception is raised, no whole packet is lost and no half packet is told."""
    path = tmp_path_factory.mktemp("cut") / "a.pcapng"
    ends = []
    with PcapngWriter(path, [CELL, WIFI]) as writer:
        head = path.stat().st_size
        for interface, wall, data, outgoing in packets:
            writer.write(interface, wall, data, outgoing=outgoing)
            ends.append(head + writer.waiting)
    whole = path.read_bytes()
    cut = 12 + cut % (len(whole) - 11)
    path.write_bytes(whole[:cut])
    capture = CaptureFile(path)
    seen = [((CELL.name, WIFI.name).index(p.interface), p.wall, bytes(p.data), p.outgoing) for p in capture.packets()]
    assert seen == packets[: sum(end <= cut for end in ends)]
    if cut == len(whole):
        assert capture.truncated is None
    elif cut > head and cut not in ends:
        assert capture.truncated is not None


@settings(max_examples=150, deadline=None)
@given(noise=st.binary(max_size=120), at=st.integers(0, 400))
def test_noise_is_never_an_exception(tmp_path_factory, noise, at):
    """Overwriting any stretch of a capture ends its packets at worst."""
    path = tmp_path_factory.mktemp("noise") / "a.pcapng"
    content = bytearray(section("<") + described("<", option("<", 2, b"cell0")))
    head = len(content)
    content += b"".join(enhanced("<", wall, bytes(20), option("<", 2, bytes(4))) for wall in range(5))
    start = head + at % (len(content) - head)
    content[start : start + len(noise)] = noise
    capture = written(path, content)
    assert len(list(capture.packets())) >= (start - head) // 64


def test_an_independent_reader_agrees(tmp_path):
    """scapy, in a process of its own, reads the file as it was meant."""
    path = tmp_path / "a.pcapng"
    with PcapngWriter(path, [CELL, WIFI]) as writer:
        writer.write(0, WALL, b"abc", outgoing=False)
        writer.add_keylog(b"CLIENT_RANDOM a b\n")
        writer.write(1, WALL + 1, b"defgh", original_length=1500, outgoing=True)
        writer.add_statistics(0, wall=WALL, received=1, dropped=2)
    script = """
import json, sys
from scapy.utils import RawPcapNgReader
found = []
for data, meta in RawPcapNgReader(sys.argv[1]):
    ticks = (meta.tshigh << 32 | meta.tslow) * 10**9 // meta.tsresol
    found.append([data.decode(), meta.wirelen, meta.ifname.decode(), meta.direction, ticks])
print(json.dumps(found))
"""
    seen = subprocess.run([sys.executable, "-c", script, str(path)], check=True, capture_output=True).stdout
    assert json.loads(seen) == [["abc", 3, "cell0", 1, WALL], ["defgh", 1500, "wifi0", 2, WALL + 1]]
