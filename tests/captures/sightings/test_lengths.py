"""Texts between other bytes: a length before them looks like a part of them, and is none."""

import base64
import hashlib
import json
import zlib

import brotli
import pytest

from captures.sightings import Engine
from telltale.identity import Identities, Identity
from telltale.transmission import Part

VIN = "LSVAM4187C2184847"
NAME = "欧阳晓明"
SALT = "3c61a9d0f2b84e57"


@pytest.fixture(scope="module", name="engine")
def _engine():
    return Engine(
        Identities(
            [
                Identity(item="vin", value=VIN),
                Identity(item="person_name", value=NAME),
                Identity(item="android_id", value=SALT),
                Identity(item="phone_number", value="13800138000"),
                Identity(item="position", value=(39.904217, 116.407413)),
            ]
        )
    )


@pytest.fixture(name="seen")
def _seen(engine, send):
    def seen(body: bytes) -> list[tuple]:
        """Item, form, chain and bytes of what stands in a body."""
        return [
            (one.item, one.form, one.chain, body[one.offset :][: one.length])
            for one in engine.search(send(Part(name="body", data=body)))
        ]

    return seen


SALTED = hashlib.sha256((VIN + SALT).encode()).digest()
DIGEST = hashlib.sha384(VIN.encode()).digest()
RECORD = b"\x05\x00" + SALTED + b"\x00\x2a"


def protobuf(text: bytes) -> bytes:
    return b"\x08\x96\x01*" + bytes([len(text)]) + text + b"\xa0\x06\x07"


def cbor(text: bytes) -> bytes:
    return b"\xa2bts\x1a\xc1h\xa9.adx" + bytes([len(text)]) + text


def der(text: bytes) -> bytes:
    return bytes([0x30, len(text) + 2, 0x0C, len(text)]) + text


def bson(text: bytes) -> bytes:
    return b"\x02d\x00" + (len(text) + 1).to_bytes(4, "little") + text + b"\0\0"


@pytest.mark.parametrize("contained", [protobuf, cbor, der, bson])
@pytest.mark.parametrize(
    ("link", "encode", "held", "form"),
    [
        ("base64", base64.b64encode, SALTED + b"!" * 30, "sha256 salted"),
        ("base64", base64.urlsafe_b64encode, RECORD, "sha256 salted"),
        ("base64", base64.b64encode, DIGEST, "sha384"),
        ("base64", lambda data: base64.encodebytes(data).rstrip(), DIGEST + bytes(20), "sha384"),
        ("base32", base64.b32encode, RECORD, "sha256 salted"),
        ("hex", lambda data: data.hex().encode(), b"\x00\x2a" + SALTED, "sha256 salted"),
    ],
)
def test_a_length_that_looks_like_a_digit_is_no_part_of_an_encoded_text(seen, contained, link, encode, held, form):
    """Neither where its bytes are named, nor in how they are read."""
    text = encode(held)
    assert seen(contained(text)) == [("vin", form, (link,), text)]


@pytest.mark.parametrize("contained", [protobuf, der])
def test_utf_16_behind_its_own_length_begins_with_its_first_character(seen, contained):
    """Big-endian text begins with a zero, and the length before it makes a character with that."""
    text = f"v={VIN}&lang=zh-CN&speed=61".encode("utf-16-be")
    assert seen(contained(text)) == [("vin", "plain", ("utf-16",), VIN.encode("utf-16-be"))]


def test_the_next_row_of_a_table_is_no_line_of_base64(seen):
    """A text of 60 digits and more ends where its line ends, unless lines of its own length follow."""
    text = base64.b64encode(b"\x00" * 13 + SALTED)
    assert seen(b"seq,id\n4," + text + b"\n5,513\n") == [("vin", "sha256 salted", ("base64",), text)]


@pytest.mark.parametrize("lines", [64, 76])
def test_lines_of_base64_are_one_text_wherever_they_stand(seen, lines):
    """In a path too, whose words before and behind them are none of it."""
    digits = base64.b64encode(bytes(5) + SALTED + bytes(90) + b"\xff" * 9)
    text = b"%0A".join(digits[at : at + lines] for at in range(0, len(digits), lines))
    assert seen(b"/v2/upload/" + text + b"/done?r=1") == [("vin", "sha256 salted", ("percent", "base64"), text)]


@pytest.mark.parametrize("escape", ["%20", "%22", "%3D", "%2522", "\\u0022", "\\n"])
def test_a_number_behind_an_escape_is_no_piece_of_a_longer_one(seen, escape):
    """Nor is a coordinate, although the escape ends in a digit or a letter."""
    body = f"d={escape}39.904217,{escape}116.407413&t={escape}13800138000,".encode()
    assert [(item, chain) for item, _, chain, _ in seen(body)] == [("position", ()), ("phone_number", ())]


@pytest.mark.parametrize(("link", "code"), [("gbk", "gbk"), ("utf-16", "utf-16-le"), ("utf-16", "utf-16-be")])
def test_a_name_in_another_code_is_seen_in_binary_too(seen, link, code):
    """Three characters or more are six bytes there; but not within a longer row of characters."""
    name = NAME.encode(code)
    assert seen(b"\x01\x07\x02" + name + b"\x03\x04") == [("person_name", "plain", (link,), name)]
    assert seen(f"来自{NAME}月的消息".encode(code)) == []


@pytest.mark.parametrize(
    "position", ["314704.611,712409.93", "}314704.611 :nol ,712409.93 :tal{", "tal%3D314704.611%26nol%3D712409.93"]
)
def test_a_position_is_read_backwards_too(seen, position):
    """Text that holds one of its numbers last digit first is read from its end."""
    assert [(item, form, chain) for item, form, chain, _ in seen(b"d=" + position.encode() + b";")] == [
        ("position", "plain", ("reversed",))
    ]


def test_values_of_others_are_not_made_by_reading_backwards(send):
    """Text that is read from its end for a position of the run has no e-mail addresses there."""
    position = Identity(item="position", value=(39.904217, 116.407413))
    engine = Engine(Identities([position]), recognise=True)
    body = b'{"email": "amber.gxaeue@example.org", "id": "314704.611,712409.93"}'
    told = sorted((one.item, one.chain) for one in engine.search(send(Part(name="body", data=body))))
    assert told == [("email", ()), ("position", ("reversed",))]


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(("link", "pack"), [("br", brotli.compress), ("deflate", deflate)])
def test_a_stream_without_a_magic_is_seen_where_an_escape_has_its_ends(seen, link, pack):
    """A parameter that decodes to no text is looked at without its name, and so is the segment of a path."""
    packed = pack(json.dumps({"id": VIN, "note": "胎压正常 tyre pressure within limits " * 2}).encode())
    text = "".join(f"%{byte:02X}" for byte in packed).encode()
    for before, after in ((b"/v2/report?app=7&d=", b"&r=1"), (b"/v2/upload/", b"/done?r=1")):
        assert seen(before + text + after) == [("vin", "plain", ("percent", link), text)]


def test_a_cut_digest_is_not_told_beside_the_whole_one(seen):
    """What an escape leaves of a text is a fragment of it, and a fragment of a digest looks cut."""
    text = base64.b64encode(DIGEST + b"?" * 33).replace(b"/", b"\\/")
    assert b"/" in text
    assert seen(b'{"sum": "' + text + b'"}') == [("vin", "sha384", ("json", "base64"), text)]
