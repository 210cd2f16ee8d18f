"""Captures of any kind open through one door; what is no capture is told in a line."""

import gzip
import struct
from pathlib import Path

import pytest

from captures.sources import open_source, read_keylog
from telltale.errors import InputError

BODY = b"vin=LTESTVIN000000017"
REQUEST = b"POST /v1/records HTTP/1.1\r\nHost: cloud.example\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


def frame(data: bytes) -> bytes:
    tcp = struct.pack("!HHIIBBHHH", 40000, 80, 1, 1, 0x50, 0x18, 65535, 0, 0) + data
    ends = bytes((10, 64, 0, 2, 203, 0, 113, 10))
    return bytes(12) + b"\x08\0" + struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + ends + tcp


def pcap(*frames: bytes, order: str = "<", magic: int = 0xA1B2C3D4) -> bytes:
    header = struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65535, 1)
    return header + b"".join(
        struct.pack(order + "IIII", 1_790_000_000, 7, len(data), len(data)) + data for data in frames
    )


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("magic", "fraction"), [(0xA1B2C3D4, 7_000), (0xA1B23C4D, 7)])
@pytest.mark.parametrize("packed", [False, True])
def test_a_pcap_of_either_byte_order_and_resolution_opens_plain_or_in_gzip(
    tmp_path: Path, order: str, magic: int, fraction: int, *, packed: bool
) -> None:
    path = tmp_path / "capture.bin"  # the name says nothing
    data = pcap(frame(REQUEST), order=order, magic=magic)
    path.write_bytes(gzip.compress(data) if packed else data)
    source = open_source(path)
    [sent] = source.transmissions()
    assert (source.kind, sent.index, sent.host, sent.path) == ("pcap", 0, "cloud.example", "/v1/records")
    assert sent.sent == 1_790_000_000_000_000_000 + fraction
    assert sent.part("body").data == BODY
    assert source.gaps == ()
    assert source.accounts.closed
    assert source.position == source.size


def test_a_capture_cut_off_in_gzip_gives_what_came_before_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "capture.pcap.gz"
    rest = bytes(range(256)) * 64
    whole = gzip.compress(pcap(frame(REQUEST), *(frame(rest) for _ in range(400))), 0)
    path.write_bytes(whole[:5000])
    source = open_source(path)
    sent = list(source.transmissions())
    assert sent[0].part("body").data == BODY
    assert any("cut off" in gap for gap in source.gaps)
    assert any("gzip" in gap for gap in source.gaps)


def test_a_record_longer_than_any_packet_ends_a_compressed_capture(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pcap.gz"
    path.write_bytes(gzip.compress(pcap(frame(REQUEST)) + struct.pack("<IIII", 1, 0, 0xF000_0000, 0) + bytes(80 << 20)))
    source = open_source(path)
    assert len(list(source.transmissions())) == 1
    assert any("damaged" in gap and "64 MiB" in gap for gap in source.gaps)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"hello, world", "is no capture that can be read: it begins with 68 65 6c 6c; known: pcap"),
        (gzip.compress(b"hello, world", mtime=0), "is no capture that can be read: it begins with 68 65 6c 6c"),
        (b"\x1f\x8bnot gzip", "holds nothing: its gzip data is damaged"),
        (b"\xd4\xc3\xb2\xa1\x02", "cut off inside its first header"),
    ],
)
def test_what_is_no_capture_is_told_in_a_line(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "odd"
    path.write_bytes(content)
    with pytest.raises(InputError, match="odd: ") as error:
        list(open_source(path).transmissions())
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_capture_that_is_missing_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        open_source(tmp_path / "nowhere.pcap")


def test_a_key_log_without_keys_is_told(tmp_path: Path) -> None:
    log = tmp_path / "keys.log"
    log.write_text("CLIENT_RANDOM 00ff 0102\n")
    assert len(read_keylog(log)) == 1
    log.write_text("this is something else\n")
    with pytest.raises(InputError, match="holds no TLS keys"):
        read_keylog(log)
    with pytest.raises(InputError, match=r"did you mean `keys\.log`"):
        read_keylog(tmp_path / "key.log")
