"""Fields that follow an identity: found by repeating the stimulus with another value, and by nothing else."""

import base64
import gzip
import hashlib
import json
import struct
from random import Random
from typing import NamedTuple

import msgspec
import pytest

from captures.sightings import Engine
from captures.sightings.fields import fields
from captures.sightings.pseudonyms import Run, known_to, pseudonyms
from telltale.identity import Identities, Identity
from telltale.transmission import Address, Part, Transmission

ONE, OTHER = "LSVAM4187C2184847", "LSVAM4187C2184999"
ORDER = (ONE, OTHER, OTHER, ONE)


def salted(vin):
    return hashlib.sha256(b"a salt of the maker's" + vin.encode()).digest()


class Message(NamedTuple):
    """What the maker of a message is given."""

    vin: str
    n: int
    draw: Random

    @property
    def digest(self):
        return salted(self.vin)

    @property
    def token(self):
        return self.digest.hex()


def sent(*parts, host="ux.example.test", path="/v1/records", index=0, channel="https", kind="POST"):
    return Transmission(
        index=index,
        channel=channel,
        uplink="cellular",
        sent=index,
        ended=index,
        source=Address(ip="10.64.0.2", port=50000),
        destination=Address(ip="203.0.113.10", port=443),
        host=host,
        path=path,
        kind=kind,
        summary="POST",
        parts=tuple(Part(name=name, data=data) for name, data in parts),
    )


def following(make, order=ORDER, **options):
    """Paths that follow the VIN, of runs with three messages each; *make* gives the parts of one."""
    runs = []
    for number, vin in enumerate(order):
        draw = Random(f"{number}")
        messages = [sent(*make(Message(vin, 3 * number + n, draw)), index=3 * number + n) for n in range(3)]
        runs.append(Run(identity=vin, transmissions=messages))
    return [one.path for one in pseudonyms(runs, **options)]


def body(content):
    return [("body", json.dumps(content).encode())]


def packed(content):
    return base64.b64encode(gzip.compress(json.dumps(content).encode())).decode()


def protobuf(*values):
    return b"".join(bytes([number << 3 | 2, len(value)]) + value for number, value in enumerate(values, start=1))


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (lambda m: body({"n": m.n, "device": {"id": m.token}}), "$.device.id"),
        (lambda m: body([{"n": m.n}, {"id": m.token[:10]}]), "$[].id"),
        (lambda m: body({"data": packed({"n": m.n, "id": m.token})}), "$.data > base64 > gzip > $.id"),
        (lambda m: [("header", f"Host: a\r\nX-Device: {m.token}\r\n".encode())], "header x-device"),
        (lambda m: [("header", f"Cookie: sid={m.draw.random()}; did={m.token}\r\n".encode())], "cookie did"),
        (lambda m: [("url", f"/v1/cars/{m.token}?n={m.n}".encode())], "path/3"),
        (lambda m: [("url", f"/v1?n={m.n}&did={m.token}".encode())], "query did"),
        (lambda m: [("body", f"n={m.n}&did={m.token}".encode())], "form did"),
        (lambda m: [("topic", f"car/{m.token}/state".encode())], "topic/2"),
        (lambda m: [("body", protobuf(b"%d" % m.n, protobuf(b"su7", m.digest)))], "proto 2.2"),
        (lambda m: [("body", msgspec.msgpack.encode({"n": m.n, "id": m.digest}))], "$.id"),
        (lambda m: [("payload", b"\xff\xff" + struct.pack(">HI", m.n, 7) + m.digest[:16])], "bytes 8-23"),
    ],
)  # fmt: skip
def test_what_follows_the_identity_is_told_with_its_path(make, path):
    """A salted digest is the same whenever the VIN is, wherever it stands."""
    assert following(make) == [path]


@pytest.mark.parametrize(
    "make",
    [
        lambda _m: body({"model": "su7-constant-value"}),
        lambda m: body({"counter": 1_000_000 + m.n}),
        lambda m: body({"at": f"2026-11-22T09:{m.n:02}:48Z", "day": "2026-11-22"}),
        lambda m: body({"session": m.draw.randbytes(16).hex()}),
        lambda m: [("body", b"\xff\xff" + m.draw.randbytes(64))],  # encrypted anew each time
        lambda m: body({"gear": "DRIVE" if m.vin == ONE else "SPORT"}),  # too short to tell a car
        lambda m: body({"vin": m.vin}),
        lambda m: [("payload", b"\xff\x01" + struct.pack(">d", m.draw.choice([1.5, 2.5, 3.5])) * 2)],
        lambda m: body({"volt": m.draw.choice(["12.1875", "12.2500", "12.3125", "12.3750"])}),
    ],
)
def test_what_does_not_follow_the_identity_falls_out(make):
    """Constants, counters, moments, random tokens, ciphertext, readings that waver, and the identity itself."""
    assert following(make) == []


def test_what_passes_with_time_falls_out_when_the_values_come_there_and_back():
    """An hour that changes between the values changes between the runs of one value as well."""

    def make(message):
        return body({"hour": f"2026-11-22T{9 + message.n // 6:02}"})

    assert following(make, order=(ONE, ONE, OTHER, OTHER)) == ["$.hour"]
    assert following(make) == []


def test_what_the_search_tells_anyway_is_no_pseudonym():
    """A digest without salt is a sighting, and needs no repetition."""
    engine = Engine(Identities([Identity(item="vin", value=ONE), Identity(item="vin", value=OTHER)]))

    def make(message):
        return body({"id": hashlib.sha256(message.vin.encode()).hexdigest(), "did": message.token})

    assert following(make) == ["$.id", "$.did"]
    assert following(make, explained=known_to(engine)) == ["$.did"]


def test_recipient_and_bytes_of_each_run_are_named():
    """A label of the recipient's own name may be the pseudonym; its place in a part is that of each run."""
    runs = [
        Run(identity=vin, transmissions=[sent(*body({"id": token}), host=f"{token[:12]}.t.example.test")])
        for vin in ORDER
        for token in [salted(vin).hex()]
    ]
    host, field = pseudonyms(runs)
    assert (host.path, field.describe()) == ("host", f"$.id of https POST to {runs[0].transmissions[0].recipient}")
    assert [place.data.decode() for place in field.places] == [salted(vin).hex() for vin in ORDER]


def test_too_few_runs_are_refused():
    """One run with each value shows nothing: every random token would follow."""
    with pytest.raises(ValueError, match="at least two runs with each of two values; given, by value: 2, 1"):
        pseudonyms([Run(identity=vin, transmissions=[]) for vin in (ONE, OTHER, ONE)])


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[" * 100_000, b"\x1f\x8b" + bytes(20), b"\x0a\xff\xff\xff\xff\xff", b"a=%zz&"]
)
def test_what_is_no_structure_is_told_as_bytes(data):
    """Whatever stands in a part, its fields are told in bounded time."""
    assert all(one.path.startswith(("bytes ", "form ")) for one in fields(sent(("body", data), host=None)))
