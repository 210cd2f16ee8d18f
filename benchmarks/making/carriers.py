"""What stands round a value: records inside encodings, and the messages that carry it all.

Framing is no link of a chain. What the framing has to escape is, so a form with a ``+`` in it gains ``percent``.
"""

from __future__ import annotations

import io
import json
import struct
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from making.links import Held, json_string, markup, percent

Frame = Callable[[Held, Random], Held | None]
"""Gives None for what cannot stand there."""

_TEXTS = ("tyre pressure within limits", "cabin filter ok", "胎压正常", "door closed", "lane keeping active")


def _around(random: Random) -> dict[str, object]:
    return {
        "timestamp": 1_763_792_400_000 + random.randrange(10**9),
        "event": random.choice(_TEXTS),
        "speed": round(random.uniform(0, 120), 1),
    }


def json_record(held: Held, random: Random) -> Held | None:
    inside = json_string(held, random)
    if inside is None:
        return None
    before = json.dumps(_around(random), ensure_ascii=random.random() < 0.5)[:-1]
    depth = random.randrange(3)
    name = random.choice(("data", "payload", "value", "id", "content"))
    head = before + "".join(', "inner": {' for _ in range(depth)) + f', "{name}": "'
    tail = '"' + "}" * depth + (', "seq": 17}' if random.random() < 0.5 else "}")
    return inside.within(head.replace("{, ", "{").encode(), tail.encode())


def form_record(held: Held, random: Random) -> Held | None:
    name, inside = random.choice(("data", "d", "payload")), percent(held, random)
    return inside and inside.within(f"ts={random.randrange(10**9)}&v=3&{name}=".encode(), b"&lang=zh-CN")


def xml_record(held: Held, random: Random) -> Held | None:
    inside = markup(held, random)
    return inside and inside.within(b'<?xml version="1.0"?><report><id>', b"</id><state>ok</state></report>")


def log_line(held: Held, random: Random) -> Held | None:
    if not held.is_text:
        return None
    return held.within(f"11-22 06:00:{random.randrange(10, 60)} I tbox: sent ".encode(), b" to cloud\n")


def csv_rows(held: Held, random: Random) -> Held | None:
    if not held.is_text or any(mark in held.data for mark in b',"\n\r'):
        return None
    rows = "".join(f"{index},{random.randrange(10**6)},ok\n" for index in range(3))
    return held.within(f"seq,count,state,id\n{rows}4,512,ok,".encode(), b"\n5,513,ok,\n")


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def protobuf(held: Held, random: Random) -> Held:
    """A message with a number, the field, and another number (protobuf encoding, wire types 0 and 2)."""
    head = b"\x08" + _varint(random.randrange(1, 1 << 40)) + bytes([random.choice((0x12, 0x1A, 0x2A))])
    tail = b"\xa0\x06" + _varint(random.randrange(1 << 20))  # no digit of base64 may touch its end, or it has no end
    return held.within(head + _varint(len(held.data)), tail)


def msgpack(held: Held, random: Random) -> Held:
    size = len(held.data)
    kind = (0xD9, 0xDA, 0xDB) if held.is_text else (0xC4, 0xC5, 0xC6)
    width = 0 if size < 256 else 1 if size < 65536 else 2
    head = b"\x82\xa2ts\xce" + struct.pack(">I", random.getrandbits(32)) + b"\xa1d"
    return held.within(head + bytes([kind[width]]) + size.to_bytes(1 << width), b"")


def cbor(held: Held, random: Random) -> Held:
    """RFC 8949: a map of a number and a string."""
    size, major = len(held.data), 0x60 if held.is_text else 0x40
    width = 0 if size < 256 else 1 if size < 65536 else 2
    head = b"\xa2\x62ts\x1a" + struct.pack(">I", random.getrandbits(32)) + b"\x61d"
    return held.within(head + bytes([major | 24 + width]) + size.to_bytes(1 << width), b"")


def bson(held: Held, random: Random) -> Held | None:
    if held.data.startswith(b"\0"):
        return None  # UTF-16 between zeros could be of either byte order
    number = b"\x12ts\0" + struct.pack("<q", random.getrandbits(40))
    if held.is_text:
        field, end = b"\x02d\0" + struct.pack("<i", len(held.data) + 1), b"\0\0"
    else:
        field, end = b"\x05d\0" + struct.pack("<i", len(held.data)) + b"\0", b"\0"
    total = 4 + len(number) + len(field) + len(held.data) + len(end)
    return held.within(struct.pack("<i", total) + number + field, end)


def der(held: Held, random: Random) -> Held:
    """X.690: a sequence of an integer and a string."""
    number = b"\x02\x04" + struct.pack(">I", random.getrandbits(31))
    inside = number + _der_head(0x0C if held.is_text else 0x04, len(held.data))
    return held.within(_der_head(0x30, len(inside) + len(held.data)) + inside, b"")


def _der_head(tag: int, size: int) -> bytes:
    if size < 128:
        return bytes([tag, size])
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(octets)]) + octets


def tlv(held: Held, random: Random) -> Held | None:
    """Tags of one byte, lengths of two, as telematics units like them."""
    if len(held.data) > 65535:
        return None
    head = b"\x01\x00\x04" + random.randbytes(4) + b"\x30" + struct.pack(">H", len(held.data))
    return held.within(head, b"\x81\x00\x02" + random.randbytes(2))


def tar(held: Held, _: Random) -> Held | None:
    if held.data.startswith(b"\0"):
        return None  # as in BSON
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        entry = tarfile.TarInfo("log/report.bin")
        entry.size = len(held.data)
        file.addfile(entry, io.BytesIO(held.data))
    whole = out.getvalue()
    return held.within(whole[:512], whole[512 + len(held.data) :])


def multipart(held: Held, random: Random) -> Held:
    boundary = f"----boundary{random.randrange(10**12):012}"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="kind"\r\n\r\n7\r\n--{boundary}\r\n'
    if held.is_text:
        head += 'Content-Disposition: form-data; name="data"\r\n\r\n'
    else:
        head += 'Content-Disposition: form-data; name="f"; filename="f.bin"\r\n'
        head += "Content-Type: application/octet-stream\r\n\r\n"
    return held.within(head.encode(), f"\r\n--{boundary}--\r\n".encode())


def bare(held: Held, _: Random) -> Held:
    return held


TEXT_FRAMES: Mapping[str, Frame] = {"json": json_record, "form": form_record, "xml": xml_record, "csv": csv_rows}
BINARY_FRAMES: Mapping[str, Frame] = {
    "protobuf": protobuf,
    "msgpack": msgpack,
    "cbor": cbor,
    "bson": bson,
    "der": der,
    "tlv": tlv,
    "tar": tar,
    "multipart": multipart,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What is sent, as parts without the protocol's framing."""

    protocol: str
    """http, mqtt, ws, tcp, udp"""
    parts: Mapping[str, bytes]
    kind: str = ""
    """Content-Type of a body."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A value on its way, and the part that it stands in."""

    message: Message
    part: str
    held: Held


def _query(held: Held, random: Random) -> Held | None:
    inside = percent(held, random)
    return inside and inside.within(b"/v2/report?app=7&d=", b"&r=1")


def _path(held: Held, random: Random) -> Held | None:
    inside = percent(held, random)
    return inside and inside.within(b"/v2/upload/", b"/done?r=1")


def _header(held: Held, random: Random) -> Held | None:
    if not held.data.isascii() or not held.is_text or any(mark in held.data for mark in b"\r\n\t"):
        return None
    name = random.choice((b"X-Data", b"X-Trace", b"Cookie: sid=4711; d", b"Authorization: Bearer"))
    glue = b"=" if b";" in name else b" " if b":" in name else b": "
    return held.within(b"Host: cloud.example\r\nAccept: */*\r\n" + name + glue, b"\r\n")


def _topic(held: Held, random: Random) -> Held | None:
    if not held.is_text or any(mark in held.data for mark in b"+#\n\r\t") or len(held.data) > 8000:
        return None
    # a slash is a digit of base64: the ends of a text between slashes can only be told when it holds text
    return held.within(random.choice((b"car.", b"v1/up:")), b".telemetry")


@dataclass(frozen=True, slots=True)
class _Carrier:
    protocol: str
    part: str
    frame: Frame
    kind: str = ""


CARRIERS: Mapping[str, _Carrier] = {
    "JSON body": _Carrier("http", "body", json_record, "application/json"),
    "form body": _Carrier("http", "body", form_record, "application/x-www-form-urlencoded"),
    "XML body": _Carrier("http", "body", xml_record, "application/xml"),
    "CSV body": _Carrier("http", "body", csv_rows, "text/csv"),
    "log body": _Carrier("http", "body", log_line, "text/plain"),
    "multipart body": _Carrier("http", "body", multipart, "multipart/form-data"),
    "protobuf body": _Carrier("http", "body", protobuf, "application/x-protobuf"),
    "msgpack body": _Carrier("http", "body", msgpack, "application/msgpack"),
    "CBOR body": _Carrier("http", "body", cbor, "application/cbor"),
    "BSON body": _Carrier("http", "body", bson, "application/bson"),
    "DER body": _Carrier("http", "body", der, "application/octet-stream"),
    "tar body": _Carrier("http", "body", tar, "application/x-tar"),
    "bare body": _Carrier("http", "body", bare, "application/octet-stream"),
    "query": _Carrier("http", "url", _query),
    "path": _Carrier("http", "url", _path),
    "header": _Carrier("http", "header", _header),
    "MQTT topic": _Carrier("mqtt", "topic", _topic),
    "MQTT payload": _Carrier("mqtt", "payload", bare),
    "MQTT JSON": _Carrier("mqtt", "payload", json_record),
    "WebSocket text": _Carrier("ws", "payload", json_record),
    "WebSocket binary": _Carrier("ws", "payload", protobuf),
    "TCP": _Carrier("tcp", "payload", tlv),
    "UDP": _Carrier("udp", "payload", tlv),
}


def carry(name: str, held: Held, random: Random) -> Carried | None:
    """*held* in a message of the carrier called *name*; None where it cannot stand in one."""
    carrier = CARRIERS[name]
    framed = carrier.frame(held, random)
    if framed is None or (carrier.protocol == "udp" and len(framed.data) > 1400):
        return None
    parts = {carrier.part: framed.data}
    if carrier.protocol == "http":
        parts.setdefault("url", b"/v2/report")
        parts.setdefault("header", b"Host: cloud.example\r\nAccept: */*\r\n")
    elif carrier.protocol == "mqtt":
        parts.setdefault("topic", b"car/telemetry")
        parts.setdefault("payload", b'{"state":"ok"}')
    return Carried(Message(protocol=carrier.protocol, parts=parts, kind=carrier.kind), carrier.part, framed)
