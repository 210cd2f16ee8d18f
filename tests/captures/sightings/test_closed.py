"""What can be decoded and still not be read is told, so that silence about it proves nothing."""

import base64
import gzip
import json
import random
import zlib

import pytest

from captures.sightings import Engine
from telltale.identity import Identities, Identity
from telltale.transmission import Address, Part, Transmission

VIN = "LNBSCCAF1TF000123"
NOISE = random.Random(7).randbytes(6000)
FILM = b"\xff\xd8\xff\xe0" + bytes(20) + b"\xff\xda" + random.Random(8).randbytes(5000)


def opaque(body, *, film=None, name="body"):
    known = [Identity(item="vin", value=VIN)] + ([Identity(item="cabin_image", value=film)] if film else [])
    transmission = Transmission(
        index=0,
        channel="https",
        uplink="cellular",
        sent=1,
        ended=2,
        source=Address(ip="10.64.0.2", port=1),
        destination=Address(ip="192.0.2.1", port=443),
        summary="POST /",
        parts=(Part(name=name, data=body),),
    )
    return Engine(Identities(known)).examine(transmission).opaque


def multipart(content):
    head = b'--xyz\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    first = b'--xyz\r\nContent-Disposition: form-data; name="vin"\r\n\r\n' + VIN.encode()
    return first + b"\r\n" + head + content + b"\r\n--xyz--\r\n"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (NOISE, "looks encrypted"),
        (NOISE[:256], "looks encrypted"),
        (VIN.encode() + NOISE, "looks encrypted"),
        (multipart(NOISE), "looks encrypted"),
        (json.dumps({"vin": VIN, "d": base64.b64encode(NOISE).decode()}).encode(), "base64 of what looks encrypted"),
        (json.dumps({"d": NOISE[:600].hex()}).encode(), "hex of what looks encrypted"),
        (gzip.compress(json.dumps({"d": base64.b64encode(NOISE).decode()}).encode()), "gzip > base64 of what"),
    ],
    ids=["bytes", "256 bytes", "behind a VIN", "in a form", "in base64", "in hex", "in base64 in gzip"],
)
def test_ciphertext_is_told_wherever_it_stands(body, told):
    assert opaque(body)["body"].startswith(told)


@pytest.mark.parametrize(
    "body",
    [
        NOISE[:255],
        b"",
        json.dumps({"token": base64.b64encode(NOISE[:384]).decode()}).encode(),
        json.dumps([{"speed": n, "gear": "D"} for n in range(500)]).encode(),
        bytes(range(256)) * 2 + bytes(4096),
        gzip.compress(json.dumps([str(n) for n in range(3000)]).encode()),
        zlib.compress(json.dumps([str(n) for n in range(3000)]).encode()),
        b"\x0a\x20" + gzip.compress(json.dumps([str(n) for n in range(3000)]).encode()),
        FILM,
        multipart(FILM),
        json.dumps({"picture": base64.b64encode(FILM).decode()}).encode(),
    ],
    ids=["short", "empty", "token", "json", "counter", "gzip", "zlib", "gzip inside", "picture", "form", "base64"],
)
def test_what_is_readable_or_too_short_to_tell_is_not(body):
    assert opaque(body) == {}


def test_a_piece_of_the_runs_own_film_is_no_secret_even_without_its_beginning():
    assert opaque(FILM[1500:4500]) == {"body": "looks encrypted"}
    assert opaque(FILM[1500:4500], film=FILM) == {}


def test_a_part_that_is_closed_anyway_keeps_its_own_reason():
    assert opaque(NOISE, name="payload") == {"payload": "looks encrypted"}
