"""What the first flight of a TLS connection says in clear: RFC 8446 section 4.1, RFC 5246 section 7.4.1, RFC 6066.

Its fingerprint is JA4, by FoxIO's specification of the TLS client fingerprint (technical_details/JA4.md, BSD 3-Clause).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from telltale.transmission import Field

SERVER_NAME, SIGNATURE_ALGORITHMS, ALPN, ENCRYPT_THEN_MAC, EARLY_DATA, SUPPORTED_VERSIONS = 0, 13, 16, 22, 42, 43
ENCRYPTED_HELLO = 0xFE0D
"""RFC 9849 section 5."""
_RETRY = bytes.fromhex("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C")
"""Random of a HelloRetryRequest, RFC 8446 section 4.1.3."""

ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    40: "handshake_failure",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    90: "user_canceled",
    112: "unrecognized_name",
    116: "certificate_required",
    120: "no_application_protocol",
}
"""Alert descriptions, RFC 8446 section 6."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hello:
    """A ClientHello or ServerHello."""

    random: bytes
    versions: tuple[int, ...]
    """Offered or chosen: 0x0304 is TLS 1.3."""
    suites: tuple[int, ...]
    """Offered; of a ServerHello the one chosen."""
    server_name: str | None = None
    alpn: tuple[str, ...] = ()
    extensions: dict[int, bytes] = field(default_factory=dict)

    @property
    def retry(self) -> bool:
        """Whether it is a HelloRetryRequest."""
        return self.random == _RETRY

    @property
    def hidden(self) -> bool:
        """Whether another ClientHello is encrypted in it, or feigned: the name told may not be the one meant."""
        return ENCRYPTED_HELLO in self.extensions

    def fields(self, transport: str) -> tuple[Field, ...]:
        """What a client tells of itself; no part holds it.

        :param transport: of `ja4`
        """
        rows = (
            ("ja4", ja4(self, transport)),
            ("alpn", ", ".join(self.alpn)),
            ("encrypted_client_hello", "offered" if self.hidden else ""),
        )
        return tuple(Field(name=name, value=value, part="", offset=0, length=0) for name, value in rows if value)


def ja4(hello: Hello, transport: str) -> str:
    """The fingerprint of a client; values of GREASE (RFC 8701) are passed over.

    :param transport: ``t`` TLS over TCP, ``q`` QUIC, ``d`` DTLS
    """
    suites = sorted(f"{suite:04x}" for suite in hello.suites if not _is_grease(suite))
    kinds = [kind for kind in hello.extensions if not _is_grease(kind)]
    extensions = sorted(f"{kind:04x}" for kind in kinds if kind not in (SERVER_NAME, ALPN))
    algorithms = _pairs(hello.extensions.get(SIGNATURE_ALGORITHMS, b"")[2:])
    signed = ",".join(f"{one:04x}" for one in algorithms if not _is_grease(one))
    # DTLS counts downwards
    offered = [version for version in hello.versions if not _is_grease(version)]
    newest = (min if transport == "d" else max)(offered, default=0)
    return (
        f"{transport}{_VERSIONS.get(newest, '00')}{'d' if SERVER_NAME in hello.extensions else 'i'}"
        f"{min(len(suites), 99):02}{min(len(kinds), 99):02}{_ends(hello.extensions.get(ALPN, b''))}"
        f"_{_digest(','.join(suites))}_{_digest(','.join(extensions) + (f'_{signed}' if signed else ''))}"
    )


_VERSIONS = {
    0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2",
    0xFEFF: "d1", 0xFEFD: "d2", 0xFEFC: "d3",
}  # fmt: skip


def _is_grease(value: int) -> bool:
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


def _ends(alpn: bytes) -> str:
    """First and last character of the first protocol; of its hex, where they are neither letters nor digits."""
    first = next(_vectors(alpn[2:]), b"")
    if not first:
        return "00"
    ends = chr(first[0]) + chr(first[-1])
    return ends if ends.isascii() and ends.isalnum() else first.hex()[0] + first.hex()[-1]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else "0" * 12


def parse_hello(message: bytes, *, client: bool) -> Hello | None:
    """The body of a handshake message 1 or 2 (without its four bytes of header); None if it is none."""
    try:
        version = int.from_bytes(message[:2])
        random = message[2:34]
        place = 35 + message[34]
        if client:
            size = int.from_bytes(message[place : place + 2])
            suites = _pairs(message[place + 2 : place + 2 + size])
            place += 2 + size
            place += 1 + message[place]
        else:
            suites = _pairs(message[place : place + 2])
            place += 3
    except IndexError:
        return None
    if len(random) != 32 or version >> 8 != 3 or not suites:
        return None
    extensions = dict(_extensions(message[place + 2 :]))
    return Hello(
        random=random,
        versions=_versions(extensions.get(SUPPORTED_VERSIONS), client=client) or (version,),
        suites=suites,
        server_name=_server_name(extensions.get(SERVER_NAME, b"")),
        alpn=tuple(name.decode("ascii", "replace") for name in _vectors(extensions.get(ALPN, b"")[2:])),
        extensions=extensions,
    )


def _pairs(data: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(data[i : i + 2]) for i in range(0, len(data) - 1, 2))


def _extensions(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        kind, size = int.from_bytes(data[:2]), int.from_bytes(data[2:4])
        yield kind, data[4 : 4 + size]
        data = data[4 + size :]


def _versions(data: bytes | None, *, client: bool) -> tuple[int, ...]:
    if not data:
        return ()
    return _pairs(data[1 : 1 + data[0]] if client else data)


def _server_name(data: bytes) -> str | None:
    """The host_name entry of RFC 6066 section 3: a list's length, type 0, the name's length, the name."""
    if len(data) < 5 or data[2] != 0:
        return None
    return data[5 : 5 + int.from_bytes(data[3:5])].decode("ascii", "replace").lower() or None


def _vectors(data: bytes) -> Iterator[bytes]:
    while data:
        yield data[1 : 1 + data[0]]
        data = data[1 + data[0] :]
