"""Any identity in any chain of encodings is found with that chain and the bytes that hold it."""

import base64
import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.sightings import Engine
from telltale.identity import Identities, Identity
from telltale.transmission import Address, Part, Transmission

Span = tuple[int, int]


def percent(text: bytes) -> bytes:
    return b"".join(b"%%%02X" % byte for byte in text)


def json_escape(text: bytes) -> bytes:
    return "".join(f"\\u{unit:04x}" for unit in memoryview(text.decode().encode("utf-16-le")).cast("H")).encode()


@dataclass(frozen=True)
class Link:
    name: str
    encode: Callable[[bytes], bytes]
    ordered: bool = False
    """Encodes byte after byte, so that the value's own bytes can be told."""
    binary: bool = False
    """Makes bytes that are no text."""


LINKS = {
    "base64": Link("base64", base64.b64encode),
    "base64 url-safe": Link("base64", base64.urlsafe_b64encode),
    "base64 unpadded": Link("base64", lambda text: base64.b64encode(text).rstrip(b"=")),
    "hex": Link("hex", lambda text: text.hex().encode()),
    "HEX": Link("hex", lambda text: text.hex().upper().encode()),
    "percent": Link("percent", percent, ordered=True),
    "json": Link("json", json_escape, ordered=True),
    "gzip": Link("gzip", lambda text: gzip.compress(text, mtime=0), binary=True),
}
CARRIERS = {
    "bare": (b"", b""),
    "json": (b'{"t": 12, "data": "', b'", "ok": true}'),
    "query": (b"/v2/report?k=1&data=", b"&z=2"),
    "header": (b"Host: example.cn\r\nX-Data: ", b"\r\nAccept: */*\r\n"),
    "binary": (b"\x00\x01\x02\xfe", b"\x00\x07\xff\xff"),
}


def carried(inner: bytes, span: Span, names: list[str], carrier: str) -> tuple[bytes, Span]:
    """*inner* in the encodings *names*, the innermost first, in a carrier; and where the outermost text is then."""
    text, (start, end) = inner, span
    for name in names:
        link = LINKS[name]
        encoded = link.encode(text)
        if link.ordered:
            start, end = len(link.encode(text[:start])), len(link.encode(text[:end]))
        else:
            start, end = 0, len(encoded)
        text = encoded
    before, after = CARRIERS[carrier]
    return before + text + after, (len(before) + start, len(before) + end)


def sightings(identity: Identity, body: bytes) -> list[tuple[str, str, tuple[str, ...], Span]]:
    transmission = Transmission(
        index=0,
        channel="https",
        uplink=None,
        sent=0,
        ended=0,
        source=Address(ip="10.0.0.1", port=1),
        destination=Address(ip="10.0.0.2", port=2),
        summary="",
        parts=(Part(name="body", data=body),),
    )
    found = Engine(Identities([identity])).search(transmission)
    return [(s.item, s.form, s.chain, (s.offset, s.offset + s.length)) for s in found]


def fits(names: list[str], *, binary: bool) -> bool:
    """JSON escapes need text; deflate keeps bytes that cannot be compressed as they are, in plain sight."""
    for name in names:
        if binary and name in ("json", "gzip"):
            return False
        binary = LINKS[name].binary
    return True


VALUES = st.one_of(
    st.builds(
        Identity, item=st.just("vin"), value=st.text("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", min_size=17, max_size=17)
    ),
    st.builds(Identity, item=st.just("phone_number"), value=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)),
    st.builds(
        Identity, item=st.just("licence_plate"), value=st.from_regex("[京沪粤川][A-Z][A-Z0-9]{5}", fullmatch=True)
    ),
    st.builds(Identity, item=st.just("email"), value=st.from_regex(r"[a-z]{2,9}@[a-z]{2,9}\.cn", fullmatch=True)),
    st.builds(Identity, item=st.just("person_name"), value=st.from_regex("[王李张刘陈][一-龥]{1,2}", fullmatch=True)),
    st.builds(Identity, item=st.just("account_id"), value=st.from_regex("[a-z0-9]{6,12}", fullmatch=True)),
)
CHAINS = st.lists(st.sampled_from(sorted(LINKS)), max_size=5)


@settings(max_examples=150, deadline=None)
@given(identity=VALUES, names=CHAINS, carrier=st.sampled_from(sorted(CARRIERS)), alone=st.booleans())
def test_a_value_is_found_in_any_chain(identity, names, carrier, alone):
    """A value alone or in a JSON text, in up to five encodings and any carrier, is one sighting of exactly that."""
    in_binary = carrier == "binary" and all(LINKS[name].ordered for name in names)
    if not fits(names, binary=False) or (in_binary and len(identity.value) < 6):
        return  # poor values are not looked for in binary
    before, after = (b"", b"") if alone else (b'{"v":"', b'"}')
    value = identity.value.encode()
    inner = before + value + after
    body, span = carried(inner, (len(before), len(before) + len(value)), names, carrier)
    chain = tuple(LINKS[name].name for name in reversed(names))
    assert sightings(identity, body) == [(identity.item, "plain", chain, span)]


@settings(max_examples=80, deadline=None)
@given(
    identity=VALUES,
    names=CHAINS,
    carrier=st.sampled_from(sorted(CARRIERS)),
    form=st.sampled_from(["md5", "sha1", "sha256"]),
    case=st.sampled_from([str, str.lower, str.upper]),
)
def test_a_digest_is_found_in_any_chain(identity, names, carrier, form, case):
    """A digest of a value, or of its lower- or upper-case writing, is found as that form in any chain."""
    if not fits(names, binary=True):
        return
    digest = hashlib.new(form, case(identity.value).encode()).digest()
    body, span = carried(digest, (0, len(digest)), names, carrier)
    chain = tuple(LINKS[name].name for name in reversed(names))
    assert sightings(identity, body) == [(identity.item, form, chain, span)]


@pytest.mark.parametrize("item", ["vin", "phone_number", "email", "licence_plate", "person_name", "home_address"])
@pytest.mark.parametrize("carrier", sorted(set(CARRIERS) - {"binary"}))
@pytest.mark.parametrize(
    "names",
    [
        [],
        ["base64"],
        ["hex"],
        ["percent"],
        ["json"],
        ["gzip", "base64"],
        ["gzip", "HEX"],
        ["base64", "percent"],
        ["json", "base64"],
        ["gzip", "base64", "percent"],
        ["base64", "json", "gzip", "base64 url-safe"],
        ["hex", "base64 unpadded", "hex", "base64"],
    ],
    ids=" in ".join,
)
def test_every_item_in_every_carrier(seen, values, item, names, carrier):
    """Items, chains up to depth four, and carriers: item, form, chain and bytes are exact."""
    value = str(values[item]).encode()
    body, (start, end) = carried(value, (0, len(value)), names, carrier)
    chain = tuple(LINKS[name].name for name in reversed(names))
    assert (item, "plain", chain, body[start:end]) in seen(body)
    assert len(seen(body)) == 1
