"""One-way forms and binary writings of a value, each seen as what it is, and the decoders beside base64 and gzip."""

import base64
import bz2
import hashlib
import hmac
import html
import io
import lzma
import quopri
import zipfile
import zlib

import brotli
import lz4.frame
import pytest
import zstandard

from captures.sightings import Engine
from captures.sightings.digests import DIGESTS
from telltale.identity import Identities, Identity
from telltale.transmission import Part

VIN = "LNBSCCAF1TF000123"
PHONE = "13912345678"
KEY = b"a key of the backend"
OAID = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
PLATE = "京A8K6M2"
IDENTITIES = Identities(
    [
        Identity(item="vin", value=VIN),
        Identity(item="phone_number", value=PHONE),
        Identity(item="oaid", value=OAID),
        Identity(item="licence_plate", value=PLATE),
        Identity(item="mac_address", value="02:1A:7D:DA:71:13"),
    ]
)
REPORT = b'{"time": 1763792400, "vin": "' + VIN.encode() + b'", "state": "parked, locked"}'


@pytest.fixture(scope="module")
def engine():
    return Engine(IDENTITIES, keys=[KEY])


@pytest.fixture
def seen(engine, send):
    """Item, form, chain and bytes of every sighting in a body."""
    return lambda body: [
        (s.item, s.form, s.chain, body[s.offset : s.offset + s.length])
        for s in engine.search(send(Part(name="body", data=body)))
    ]


@pytest.mark.parametrize(
    ("form", "digest"),
    [
        *(
            (name.replace("_", "-"), hashlib.new(name, VIN.encode()).digest())
            for name in ("sha512", "sha3_256", "sha384")
        ),
        ("sm3", DIGESTS["sm3"](VIN.encode())),
        ("md5 salted", hashlib.md5((VIN + OAID).encode()).digest()),
        ("sha256 salted", hashlib.sha256(f"{OAID}:{VIN}".encode()).digest()),
        ("hmac-sha256", hmac.digest(KEY, VIN.encode(), "sha256")),
        ("md5 truncated", hashlib.md5(VIN.encode()).digest()[4:12]),
        ("sha256 truncated", hashlib.sha256(VIN.lower().encode()).digest()[:11]),
        ("sha1 truncated", hashlib.sha1(VIN.encode()).digest()[-9:]),
    ],
)
def test_digests(seen, form, digest):
    """Digests, salted, with a key, and cut, as hex and as base64: one sighting with its form."""
    text = digest.hex().encode()
    assert seen(b'{"id": "' + text + b'"}') == [("vin", form, ("hex",), text)]
    text = base64.b64encode(digest)
    assert seen(b'{"id": "' + text + b'"}') == [("vin", form, ("base64",), text)]


def test_sm3_is_the_standards():
    """GB/T 32905-2016, annex A.1."""
    assert DIGESTS["sm3"](b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@pytest.mark.parametrize(
    ("text", "item", "form"),
    [
        ("139****5678", "phone_number", "masked"),
        ("LNB**********0123", "vin", "masked"),
        ("TF000123", "vin", "truncated"),
        ("12345678", "phone_number", "truncated"),
    ],
)
def test_partial_values(seen, text, item, form):
    """A value with a part missing is a form of its own, as a token in text."""
    body = f'{{"shown": "{text}"}}'.encode()
    assert seen(body) == [(item, form, (), text.encode())]


@pytest.mark.parametrize("text", ["138****5678", "139*5678", "139*****5678", "9912345678", "XTF000123", "a12345678b"])
def test_other_peoples_partial_values(seen, text):
    """Another head, another length, or a longer word is somebody else's."""
    assert seen(f'{{"shown": "{text}"}}'.encode()) == []


@pytest.mark.parametrize(
    ("data", "item", "link"),
    [
        (bytes.fromhex("013912345678"), "phone_number", "bcd"),
        (bytes.fromhex("3119325476f8"), "phone_number", "bcd-swapped"),
        ((13912345678).to_bytes(8, "big"), "phone_number", "uint64-be"),
        ((13912345678).to_bytes(8, "little"), "phone_number", "uint64-le"),
        (bytes.fromhex("021a7dda7113"), "mac_address", "bytes"),
        (PLATE.encode("gbk"), "licence_plate", "gbk"),
        (VIN[::-1].encode(), "vin", "reversed"),
    ],
)
def test_binary_writings(seen, data, item, link):
    """Reversible writings are links of the chain, in binary and in an encoding round it."""
    assert seen(b"\x01\x02\xff" + data + b"\xfe\x00") == [(item, "plain", (link,), data)]
    text = base64.b64encode(data)
    assert seen(b'{"d": "' + text + b'"}') == [(item, "plain", ("base64", link), text)]


def packed_zip(data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("log/a.json", data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("link", "pack"),
    [
        ("zip", packed_zip),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("lz4", lz4.frame.compress),
        ("bz2", bz2.compress),
        ("xz", lzma.compress),
        ("br", brotli.compress),
        ("zlib", zlib.compress),
    ],
)
def test_compressions(seen, link, pack):
    """Each compression, as a body, in base64, and (where it has a magic) between other bytes."""
    stream = pack(REPORT * 3)
    places = {entry[:3] for entry in seen(stream)}
    assert places == {("vin", "plain", (link,))}
    assert {entry[3] for entry in seen(stream)} == {stream}
    text = base64.b64encode(stream)
    assert seen(b'{"d":"' + text + b'"}') == [("vin", "plain", ("base64", link), text)]
    if link != "br":
        assert seen(b"\x01\x02" + stream + b"\x00trailer") == [("vin", "plain", (link,), stream)]


def test_base32(seen):
    text = base64.b32encode(REPORT)
    assert seen(b"id=" + text) == [("vin", "plain", ("base32",), text)]
    assert seen(b"id=" + base64.b32encode(VIN.encode())) == [
        ("vin", "plain", ("base32",), base64.b32encode(VIN.encode()))
    ]


def test_character_references_and_quoted_printable(seen):
    """Both keep the order of the bytes, so the value's own are named."""
    text = "".join(f"&#{ord(one)};" for one in PLATE).encode()
    assert seen(b"<plate>" + text + b"</plate>") == [("licence_plate", "plain", ("html",), text)]
    assert html.unescape(text.decode()) == PLATE
    text = quopri.encodestring(PLATE.encode())
    assert seen(b"plate: " + text + b"\r\n") == [("licence_plate", "plain", ("quoted-printable",), text)]


@pytest.mark.parametrize("length", range(41, 53))
def test_a_length_that_looks_like_a_digit_is_no_part_of_the_text(seen, length):
    """Containers put a length before a text; base64 is found at its own beginning all the same."""
    inner = VIN.encode() + b"," + b"x" * (length % 4 * 3 + 18)
    text = base64.b64encode(inner)
    assert seen(b"\x0a" + bytes([len(text)]) + text + b"\xa0\x06") == [("vin", "plain", ("base64",), text)]


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress, zstandard.compress, lz4.frame.compress, packed_zip])
def test_damaged_streams_end_nothing(seen, pack):
    """Streams cut off or overwritten are searched as far as they go; what stands beside them is still seen."""
    stream = pack(bytes(range(256)) * 40)
    for cut in range(1, len(stream), 7):
        body = stream[:cut] + b"\xff\x00\xff" + stream[cut + 3 :] + b"," + VIN.encode()
        assert ("vin", "plain", (), VIN.encode()) in seen(body)
