"""Traffic of other cars and other people: well-formed values in great number, and none of this run's.

The mix is published here, in shares of bytes: `MIX`. Bodies are made anew each time, so that nothing is seen twice.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import struct
import uuid
from collections.abc import Callable, Iterator, Mapping
from random import Random
from urllib.parse import urlencode

from making.carriers import Message
from making.values import identities

SIGNALS = ("vehicleSpeed", "batteryTemperature", "motorRpm", "odometer", "soc", "cabinTemperature", "lateralForce")
EVENTS = ("lane_keep_assist_activated", "charging_started", "door_closed", "seat_belt_fastened")
NOTES = ("胎压正常", "tyre pressure within limits, nothing to report", "座椅加热已开启", "route of 12 km started")
_EDGES = ((18.0, 53.0), (73.0, 135.0))
_JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xda\0\x0c\3\1\0\2\x11\3\x11\0\x3f\0"
_MP4 = b"\0\0\0\x1cftypisom\0\0\2\0isomiso2mp41"
RUN = identities(1)
"""The car that is looked for: the one that is never in this traffic."""


def record(random: Random) -> dict[str, object]:
    """A telemetry record."""
    return {
        "timestamp": 1_763_792_400_000 + random.randrange(10**9),
        "traceId": str(uuid.UUID(int=random.getrandbits(128))),
        "latitude": round(random.uniform(*_EDGES[0]), 6),
        "longitude": round(random.uniform(*_EDGES[1]), 6),
        "event": random.choice(EVENTS),
        "signals": {name: round(random.uniform(0, 200), random.randrange(3)) for name in SIGNALS},
        "sign": random.randbytes(16).hex(),
        "note": random.choice(NOTES),
    }


def person(random: Random) -> dict[str, object]:
    """Another car and its driver, with numbers that all check digits agree with."""
    values = identities(random.randrange(10**6, 10**12))
    while any(values[item] == value for item, value in RUN.items()):  # names and addresses are few enough to come again
        values = identities(random.randrange(10**6, 10**12))
    position = values.pop("position")
    return {**values, "position": {"lat": position[0], "lng": position[1]}}


def telemetry(random: Random) -> Message:
    rows: list[dict[str, object]] = [record(random) for _ in range(random.choice((1, 4, 16, 60)))]
    if random.random() < 0.1:
        rows[0]["owner"] = person(random)
    if random.random() < 0.05:
        rows[0]["extra"] = json.dumps(record(random))
    if random.random() < 0.05:
        rows[0]["batch"] = base64.b64encode(gzip.compress(json.dumps(record(random)).encode() * 4)).decode()
    if random.random() < 0.1:
        rows[0]["token"] = base64.urlsafe_b64encode(random.randbytes(random.choice((24, 48, 90)))).decode()
    text = json.dumps({"records": rows}, ensure_ascii=random.random() < 0.5)
    return _http("/v2/telemetry", text.encode(), "application/json")


def form(random: Random) -> Message:
    rows = {name: json.dumps(value) for name, value in record(random).items()}
    if random.random() < 0.1:
        rows.update({name: str(value) for name, value in person(random).items()})
    body = urlencode(
        {f"{name}_{index}": value for index in range(random.choice((1, 6))) for name, value in rows.items()}
    )
    return _http("/v1/event", body.encode(), "application/x-www-form-urlencoded")


def protobuf(random: Random) -> Message:
    rows = b"".join(_sample(random) for _ in range(random.choice((8, 64, 512))))
    return _http("/v3/samples", rows, "application/x-protobuf")


def _sample(random: Random) -> bytes:
    """Field 1: a message of time, position in millionths, speed, state of charge, and what it is."""
    inside = b"\x08" + _varint(1_763_792_400_000 + random.randrange(10**9))
    inside += b"\x15" + struct.pack("<i", round(random.uniform(*_EDGES[0]) * 1e6))
    inside += b"\x1d" + struct.pack("<i", round(random.uniform(*_EDGES[1]) * 1e6))
    inside += b"\x25" + struct.pack("<f", random.uniform(0, 120)) + b"\x28" + _varint(random.randrange(100))
    event = random.choice(EVENTS).encode()
    inside += b"\x32" + bytes([len(event)]) + event + b"\x3a\x10" + random.randbytes(16)
    return b"\x0a" + _varint(len(inside)) + inside


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def packed(random: Random) -> Message:
    rows = [record(random) for _ in range(random.choice((40, 200)))]
    return _http("/v2/batch", gzip.compress(json.dumps(rows).encode(), 1), "application/gzip")


def media(random: Random) -> Message:
    """Like a picture or a film: a head that tells what it is, and bytes without a pattern."""
    size = random.choice((60_000, 250_000, 1_000_000))
    head = random.choice((_JPEG, _MP4 + struct.pack(">I", size + 8) + b"mdat"))
    return _http("/v1/media", head + random.randbytes(size), "application/octet-stream")


def tokens(random: Random) -> Message:
    """Random ids and hashes, in every usual writing."""
    rows = []
    for _ in range(200):
        digest = hashlib.sha256(random.randbytes(8)).digest()
        given = random.choice(
            (digest.hex(), digest[:16].hex(), base64.b64encode(digest).decode(), digest[:8].hex().upper())
        )
        rows.append({"id": str(uuid.UUID(int=random.getrandbits(128))), "sum": given, "n": random.randrange(10**17)})
    return _http("/v2/sync", json.dumps(rows).encode(), "application/json")


def people(random: Random) -> Message:
    text = json.dumps([person(random) for _ in range(20)], ensure_ascii=False)
    return _http("/v2/fleet", text.encode(), "application/json")


def _http(path: str, body: bytes, kind: str) -> Message:
    head = b"Host: telemetry.example\r\nUser-Agent: tbox/4.2\r\nAccept: */*\r\n"
    return Message(protocol="http", parts={"url": path.encode(), "header": head, "body": body}, kind=kind)


Make = Callable[[Random], Message]
MIX: Mapping[Make, float] = {telemetry: 0.35, form: 0.10, protobuf: 0.15, packed: 0.10, media: 0.30}
"""What a car sends in a day, in shares of bytes; for speed."""
EVERYTHING: Mapping[Make, float] = {
    telemetry: 0.25, form: 0.10, protobuf: 0.15, packed: 0.10, media: 0.20, tokens: 0.10, people: 0.10
}  # fmt: skip
"""With more of what looks like an identity; for false sightings."""


def traffic(mix: Mapping[Make, float], size: int, seed: int) -> Iterator[tuple[str, Message]]:
    """Messages of *size* bytes together, each with the name of what made it; the kind that lags most is next."""
    random = Random(f"benign {seed}")
    sent = dict.fromkeys(mix, 0)
    while (total := sum(sent.values())) < size:
        make = max(mix, key=lambda one: mix[one] * total - sent[one])
        message = make(random)
        sent[make] += sum(map(len, message.parts.values()))
        yield make.__name__, message
