"""What the first flight of a secure connection says of its client: fingerprint, protocols, a hidden name."""

from __future__ import annotations

import struct

import pytest

from captures.decode.tls_hello import ja4, parse_hello

CHROME_SUITES = "1a1a,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035"
CHROME_EXTENSIONS = "2a2a,001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015"
ALGORITHMS = "0403,0804,0401,0503,0805,0501,0806,0601"


def numbers(text: str) -> bytes:
    return bytes.fromhex(text.replace(",", ""))


def vector(data: bytes, size: int = 2) -> bytes:
    return len(data).to_bytes(size, "big") + data


def hello(suites: str, extensions: str, *, name=b"car.example", alpn=(b"h2", b"http/1.1"), version=b"\3\3") -> bytes:
    """A ClientHello's body with these extensions in this order."""
    contents = {
        "0000": vector(b"\0" + vector(name)),
        "0010": vector(b"".join(vector(one, 1) for one in alpn)),
        "000d": vector(numbers(ALGORITHMS)),
        "002b": vector(numbers("3a3a,0304,0303"), 1),
    }
    rows = (numbers(kind) + vector(contents.get(kind, b"\0")) for kind in extensions.split(",") if kind)
    return version + bytes(32) + b"\0" + vector(numbers(suites)) + b"\1\0" + vector(b"".join(rows))


def fingerprint(*args: str, transport: str = "t", **options) -> str:
    found = parse_hello(hello(*args, **options), client=True)
    assert found
    return ja4(found, transport)


def test_the_fingerprint_is_that_of_the_specification():
    """The example of technical_details/JA4.md, whatever the order of the extensions."""
    wanted = "t13d1516h2_8daaf6152771_e5627efa2ab1"
    assert fingerprint(CHROME_SUITES, CHROME_EXTENSIONS) == wanted
    assert fingerprint(CHROME_SUITES, ",".join(sorted(CHROME_EXTENSIONS.split(",")))) == wanted


@pytest.mark.parametrize(
    ("extensions", "options", "start"),
    [
        ("000d", {}, "t12i010100_"),
        ("0010", {"alpn": (b"\xab\xcd",)}, "t12i0101ad_"),
        ("0010", {"alpn": (b"\x1a\x1a", b"h2")}, "t12i01011a_"),
        ("0010", {"alpn": (b"h",)}, "t12i0101hh_"),
        ("0000,002b", {}, "t13d010200_"),
        ("0000", {"version": b"\3\1"}, "t10d010100_"),
        ("000d", {"transport": "q"}, "q12i010100_"),
    ],
)
def test_its_first_part_tells_transport_version_name_counts_and_protocol(extensions, options, start):
    """ALPN by its first and last character, or those of its hex."""
    assert fingerprint("c02b", extensions, **options).startswith(start)


def test_a_hello_without_extensions_has_an_empty_last_part():
    """Twelve zeroes, and no signature algorithms."""
    assert fingerprint("c02b", "").endswith("_000000000000")
    assert fingerprint("c02b", "").startswith("t12i010000_")


def test_a_connection_tells_its_fingerprint_and_that_its_name_may_be_another(wire):
    """An encrypted ClientHello (RFC 9849) leaves the name of the one who hides it."""
    body = hello(CHROME_SUITES, CHROME_EXTENSIONS + ",fe0d", name=b"public.example")
    message = b"\1" + vector(body, 3)
    connection = wire.connect()
    connection.client(b"\x16\3\1" + vector(message))
    connection.close()
    (sent,) = wire.decode().transmissions
    told = {field.name: field.value for field in sent.fields}
    assert sent.host == "public.example"
    assert told["ja4"].startswith("t13d1517h2_8daaf6152771_")
    assert (told["alpn"], told["encrypted_client_hello"]) == ("h2, http/1.1", "offered")


def test_a_dtls_client_has_a_fingerprint_of_its_own(wire):
    """Its version is that of the hello, which counts downwards."""
    body = hello("c02b", "000d", version=b"\xfe\xfd")
    body = body[:35] + b"\0" + body[35:]  # an empty cookie
    handshake = b"\1" + vector(body, 3)[:3] + bytes(5) + vector(body, 3)
    wire.udp(b"\x16\xfe\xfd" + bytes(8) + struct.pack("!H", len(handshake)) + handshake)
    (sent,) = wire.decode().transmissions
    assert {field.name: field.value for field in sent.fields}["ja4"].startswith("dd2i010100_")
