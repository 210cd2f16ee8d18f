"""Words: what people write and choose, looked for as it stands."""

import base64
import gzip
import hashlib
import random

import pytest

from captures.sightings import Engine
from rigs.words import STEMS, words
from telltale.identity import Identities, Identity
from telltale.items import taxonomy
from telltale.transmission import Part

LAMP = "reading-lamp-kxqmtrz"
TEXT = f'{{"n": "{LAMP}"}}'.encode()


@pytest.fixture(name="found")
def _found(send):
    """Search a body for the lamp; form and chain of each sighting."""
    engine = Engine(Identities([Identity(item="device_name", value=LAMP)]))
    return lambda body: [(s.form, s.chain) for s in engine.search(send(Part(name="body", data=body)))]


@pytest.mark.parametrize(
    ("body", "chain"),
    [
        (TEXT, ()),
        (TEXT.upper(), ()),
        (gzip.compress(TEXT, mtime=0), ("gzip",)),
        (b'{"x": "' + base64.b64encode(LAMP.encode()) + b'"}', ("base64",)),
        (b'{"x": "' + base64.b64encode(b"\x8a\x10\xff" + LAMP.encode() + b"\x01") + b'"}', ("base64",)),
        (b'{"x": "' + base64.b64encode(gzip.compress(TEXT, mtime=0)) + b'"}', ("base64", "gzip")),
        (b'{"x": "' + LAMP.encode().hex().encode() + b'"}', ("hex",)),
        (b'{"x": "' + base64.b32encode(LAMP.encode()) + b'"}', ("base32",)),
        (b"x=" + "".join(f"%{byte:02X}" for byte in LAMP.encode()).encode(), ("percent",)),
        (LAMP.encode("utf-16-le"), ("utf-16",)),
        (LAMP[::-1].encode(), ("reversed",)),
    ],
    ids=[
        "plain",
        "upper",
        "gzip",
        "base64",
        "base64-in-binary",
        "base64-of-gzip",
        "hex",
        "base32",
        "percent",
        "utf-16",
        "reversed",
    ],
)
def test_words_are_found_in_every_encoding(found, body, chain):
    """No hint of their own is needed: encoded text looks so by itself."""
    assert found(body) == [("plain", chain)]


def test_nobody_hashes_words(found):
    """So no digest of them is looked for, which keeps the search small."""
    assert found(hashlib.sha256(LAMP.encode()).digest()) == []


def test_every_stem_is_an_item_of_words_and_long_enough():
    """Sixteen characters and more that no encoding escapes."""
    made = words(random.Random(3))
    assert {item for item, row in taxonomy().items() if row.kind == "words"} == set(STEMS) == set(made)
    assert all(len(value) >= 16 and value.isascii() and " " not in value for value in made.values())
