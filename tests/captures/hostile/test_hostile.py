"""Bombs, bottomless nesting and damaged files cost bounded time and memory, and what is beside them is still seen."""

import base64
import bz2
import gzip
import io
import json
import lzma
import random
import zipfile
import zlib

import brotli
import can
import pytest
import zstandard
from making.carriers import Message
from making.wire import Pcap, har
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow, tutils

from captures.pcapng import Interface, PcapngWriter, read_packets
from captures.sightings.decoders import DECODERS
from captures.sources import KINDS

VIN = "LSVAM4187C2184847"
DEEP = 100_000
MEGABYTE = bytes(1 << 20)


def deflated(megabytes, wbits):
    """Zeros, packed block by block, since packing gigabytes takes a while."""
    packer = zlib.compressobj(9, wbits=wbits)
    head = packer.compress(MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * (megabytes - 1) + packer.flush()


def zipped(data, times):
    for index in range(times):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
            for copy in range(4):
                file.writestr(f"{index}-{copy}", data)
        data = out.getvalue()
    return data


GIGABYTE = 1024
"""In megabytes; more than any limit."""
BOMBS = {
    "gzip": lambda: deflated(GIGABYTE, 31),
    "gzip in gzip in gzip": lambda: gzip.compress(gzip.compress(deflated(10 * GIGABYTE, 31))),  # 10 GB from 10 KB
    "zlib": lambda: deflated(GIGABYTE, 15),
    "base64 of gzip": lambda: base64.b64encode(gzip.compress(deflated(GIGABYTE, 31))),
    "zstd": lambda: zstandard.compress(bytes(64 << 20)) * 16,
    "bz2": lambda: bz2.compress(bytes(8 << 20)) * 64,
    "xz": lambda: lzma.compress(bytes(8 << 20), preset=0) * 64,
    "zip in zip": lambda: zipped(bytes(4 << 20), 6),
    "a thousand gzips": lambda: gzip.compress(bytes(4 << 20)) * 1000,
}
"""By the encodings; the search knows the first word of each."""
CODED = {
    "gzip": lambda: deflated(GIGABYTE, 31),
    "deflate": lambda: deflated(GIGABYTE, 15),
    "br": lambda: brotli.compress(bytes(200 << 20), quality=1),
    "zstd": lambda: zstandard.compress(bytes(64 << 20)) * 16,
}
"""By the Content-Encoding."""
NESTS = {
    "JSON objects": b'{"a":' * DEEP + b'"x"' + b"}" * DEEP,
    "JSON arrays": b"[" * DEEP,
    "escaped JSON": json.dumps("\\" * DEEP).encode(),
    "msgpack": b"\x91" * DEEP + b"\x01",
    "CBOR": b"\x81" * DEEP + b"\x01",
    "CBOR tags": b"\xc6" * DEEP,
    "DER": b"\x30\x80" * DEEP,
    "protobuf groups": b"\x0b" * DEEP,
    "XML": b"<a>" * DEEP,
    "XML entities": b'<!DOCTYPE a [<!ENTITY b "'
    + b"x" * 5000
    + b'">'
    + b"&b;" * DEEP
    + b"]><a>"
    + b"&b;" * DEEP
    + b"</a>",
    "percent": b"%25" * DEEP,
    "backslashes": b"\\" * DEEP,
    "boundaries": b"--a\r\n\r\n" * DEEP,
    "base64 with slashes": b"/+" * DEEP,
    "hex": b"0" * (DEEP + 1),
    "gzip heads": b"\x1f\x8b\x08\0" * DEEP,
    "zip heads": b"PK\x03\x04" * DEEP,
    "zlib heads": b"x\x9c" * DEEP,
    "base64 gzip heads": b"H4sIAAAA " * (DEEP // 4),
    "UTF-16": b"x\0" * DEEP,
}


def base64_nest(depth):
    data = VIN.encode()
    for _ in range(depth):
        data = base64.b64encode(data)
    return data


def post(body, path="/hostile", header=b""):
    parts = {"url": path.encode(), "header": b"Host: a.example\r\n" + header, "body": body}
    return Message(protocol="http", parts=parts)


def capture(path, *messages):
    with path.open("wb") as file:
        pcap = Pcap(file)
        for message in messages:
            pcap.send(message)
        pcap.close()
    return path


def has_vin(row):
    return any(item == "vin" for item, _, _ in row["seen"])


def test_a_bomb_is_told_and_what_comes_behind_it_is_seen(audited, tmp_path):
    """Ten gigabytes from ten kilobytes: a gap or an opaque part, and the next request as if nothing was."""
    known = {decoder.name for decoder in DECODERS}
    bombs = {name: make() for name, make in BOMBS.items() if name.split()[0] in known | {"a"}}
    sent = [post(body, f"/{name}".replace(" ", "-")) for name, body in bombs.items()]
    coded = [post(make(), f"/coded-{name}", f"Content-Encoding: {name}\r\n".encode()) for name, make in CODED.items()]
    *rows, sound, _ = audited(capture(tmp_path / "bombs.pcap", *sent, *coded, post(VIN.encode(), "/sound")))
    assert len(rows) == len(sent) + len(coded)
    assert has_vin(sound)
    assert [row["path"] for row in rows if not row["gaps"] and not row["opaque"]] == []


def test_bottomless_nesting_ends(audited, tmp_path):
    """A hundred thousand of anything inside one another, with the VIN behind it in the same body."""
    sent = [post(body + b"\n" + VIN.encode(), f"/{index}") for index, body in enumerate(NESTS.values())]
    *rows, _ = audited(capture(tmp_path / "nests.pcap", *sent))
    blind = [name for name, row in zip(NESTS, rows, strict=True) if not has_vin(row)]
    assert blind == []


def test_deeper_than_the_limit_is_a_gap(audited, tmp_path):
    """Encodings inside one another that go on are told where the search stops."""
    row, *_ = audited(capture(tmp_path / "deep.pcap", post(base64_nest(12))))
    assert not has_vin(row)
    assert "deeper" in row["gaps"][0]


def seen_on_a_bus():
    """The VIN, and other things, in ISO-TP messages of one frame after the other."""
    for index in range(40):
        payload = b"\x62\xf1\x90" + VIN.encode() + bytes([index])
        frames = [bytes((0x10, len(payload))) + payload[:6]]
        frames += [bytes((0x21 + n,)) + payload[6 + 7 * n :][:7] for n in range(3)]
        for data in frames:
            yield can.Message(
                timestamp=1_790_000_000 + index, arbitration_id=0x7E8, data=data, is_extended_id=False, channel=0
            )


def random_bytes(size):
    return random.Random(size).randbytes(size)


LOGS = {"blf": can.BLFWriter, "asc": can.ASCWriter, "trc": can.TRCWriter, "candump": can.CanutilsLogWriter}


def make_file(kind, path):
    """Forty messages, or twenty, with the VIN in each."""
    bodies = [json.dumps({"vin": VIN, "seq": index}).encode() for index in range(20)]
    messages = [post(body, f"/{index}") for index, body in enumerate(bodies)]
    if kind in LOGS:
        with LOGS[kind](path) as log:
            for frame in seen_on_a_bus():
                log(frame)
    elif kind == "har":
        path.write_text("".join(har(messages)), "utf-8")
    elif kind == "mitm":
        with path.open("wb") as file:
            for index, body in enumerate(bodies):
                headers = ((b"Host", b"a.example"), (b"X-Number", b"%d" % index))
                FlowWriter(file).add(tflow.tflow(req=tutils.treq(method=b"POST", headers=headers, content=body)))
    elif kind == "frames":
        head, noise = b"\x02\xfd\0\4" + (33).to_bytes(4, "big"), random_bytes(20 * 16)
        path.write_text("".join(f"{(head + VIN.encode() + noise[16 * n :][:16]).hex(' ')}\n" for n in range(20)))
    elif kind == "pcapng":
        packets = read_packets(capture(path.with_suffix(".pcap"), *messages))
        with PcapngWriter(path, [Interface("any")]) as file:
            for packet in packets:
                file.write(0, packet.wall, packet.data)
    else:
        capture(path, *messages)
    return path


MADE = [kind.name for kind in KINDS]


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gz"])
def test_a_truncated_file_gives_what_came_before(audited, tmp_path, kind, zipped):
    """Cut anywhere: what is whole is audited, and a note says where it ends, or the last message that it is cut."""
    whole = make_file(kind, tmp_path / f"whole.{kind}").read_bytes()
    whole = gzip.compress(whole) if zipped else whole
    path = tmp_path / (f"cut.{kind}.gz" if zipped else f"cut.{kind}")
    path.write_bytes(whole[: len(whole) * 2 // 3])
    *rows, last = audited(path)
    assert any(has_vin(row) for row in rows)
    assert last["notes"] or not rows[-1]["whole"]


@pytest.mark.parametrize("kind", MADE)
def test_a_mutated_file_ends_in_rows_or_one_line(audited, tmp_path, kind):
    """Bytes overwritten anywhere never end in a traceback."""
    whole = make_file(kind, tmp_path / f"whole.{kind}").read_bytes()
    chance = random.Random(kind)
    paths = []
    for turn in range(20):
        data = bytearray(whole)
        for _ in range(1 + turn * len(whole) // 4000):
            data[chance.randrange(len(data))] = chance.randrange(256)
        paths.append(tmp_path / f"{turn}.{kind}")
        paths[-1].write_bytes(data)
    for row in audited(*paths):
        if "path" not in row:
            assert all("\n" not in note for note in row.get("notes", [row.get("refused")]))
