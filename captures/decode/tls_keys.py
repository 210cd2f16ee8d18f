"""TLS secrets and what is derived from them: the key log, cipher suites, key schedules, record protection.

Key log format: SSLKEYLOGFILE (RFC 9850). TLS 1.3: RFC 8446. TLS 1.2: RFC 5246, with RFC 5288 (GCM), RFC 7905
(ChaCha20-Poly1305) and RFC 7366 (encrypt-then-MAC).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import new as new_hash
from types import MappingProxyType
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

CLIENT_RANDOM = "CLIENT_RANDOM"
"""Label of a TLS 1.2 master secret."""
EARLY, HANDSHAKE, TRAFFIC = "EARLY", "HANDSHAKE", "TRAFFIC"
_LABELS = MappingProxyType(
    {
        (EARLY, 0): "CLIENT_EARLY_TRAFFIC_SECRET",
        (HANDSHAKE, 0): "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        (HANDSHAKE, 1): "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        (TRAFFIC, 0): "CLIENT_TRAFFIC_SECRET_0",
        (TRAFFIC, 1): "SERVER_TRAFFIC_SECRET_0",
    }
)


class KeyLog:
    """The secrets of many connections, by label and client random."""

    def __init__(self, secrets: dict[tuple[str, bytes], bytes] | None = None) -> None:
        self._secrets = dict(secrets or {})

    @classmethod
    def parse(cls, text: bytes) -> KeyLog:
        """Read key log lines, ``LABEL client-random secret`` in hex; comments and a line cut off are passed over."""
        secrets = {}
        for line in text.decode("ascii", "replace").splitlines():
            words = line.split()
            if len(words) != 3 or line.startswith("#"):
                continue
            try:
                secrets[words[0], bytes.fromhex(words[1])] = bytes.fromhex(words[2])
            except ValueError:
                continue
        return cls(secrets)

    def __len__(self) -> int:
        return len(self._secrets)

    def __or__(self, other: KeyLog) -> KeyLog:
        return KeyLog(self._secrets | other._secrets)

    def master_secret(self, client_random: bytes) -> bytes | None:
        """Master secret of a TLS 1.2 connection."""
        return self._secrets.get((CLIENT_RANDOM, client_random))

    def traffic_secret(self, phase: str, side: int, client_random: bytes) -> bytes | None:
        """TLS 1.3 secret of a phase (`EARLY`, `HANDSHAKE`, `TRAFFIC`) for what client (0) or server (1) sends."""
        label = _LABELS.get((phase, side))
        return self._secrets.get((label, client_random)) if label else None


class Aead(Protocol):
    """An authenticated cipher of the ``cryptography`` library."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """:raises InvalidTag: the data is not what the key's owner sent"""
        ...  # the shape of a foreign class


class Suite(NamedTuple):
    """How a cipher suite protects records."""

    key_length: int
    hash: str
    aead: Callable[[bytes], Aead] | None
    """None for CBC with HMAC."""
    mac: str = ""
    """Hash of the HMAC, for CBC."""
    explicit_nonce: int = 0
    """Bytes of the nonce that TLS 1.2 sends with each record."""
    tag: int = 16


def _ccm8(key: bytes) -> Aead:
    return AESCCM(key, tag_length=8)


TLS13_SUITES = MappingProxyType(
    {
        0x1301: Suite(16, "sha256", AESGCM),
        0x1302: Suite(32, "sha384", AESGCM),
        0x1303: Suite(32, "sha256", ChaCha20Poly1305),
        0x1304: Suite(16, "sha256", AESCCM),
        0x1305: Suite(16, "sha256", _ccm8, tag=8),
    }
)
"""RFC 8446 appendix B.4."""

_GCM128 = Suite(16, "sha256", AESGCM, explicit_nonce=8)
_GCM256 = Suite(32, "sha384", AESGCM, explicit_nonce=8)
_CHACHA = Suite(32, "sha256", ChaCha20Poly1305)
TLS12_SUITES = MappingProxyType(
    dict.fromkeys((0x009C, 0x009E, 0x00A0, 0x00A2, 0x00A4, 0x00A8, 0x00AA, 0xC02B, 0xC02D, 0xC02F, 0xC031), _GCM128)
    | dict.fromkeys((0x009D, 0x009F, 0x00A1, 0x00A3, 0x00A5, 0x00A9, 0x00AB, 0xC02C, 0xC02E, 0xC030, 0xC032), _GCM256)
    | dict.fromkeys((0xCCA8, 0xCCA9, 0xCCAA, 0xCCAB, 0xCCAC, 0xCCAD), _CHACHA)
    | dict.fromkeys((0xC09C, 0xC09E, 0xC0AC), Suite(16, "sha256", AESCCM, explicit_nonce=8))
    | dict.fromkeys((0xC09D, 0xC09F, 0xC0AD), Suite(32, "sha256", AESCCM, explicit_nonce=8))
    | dict.fromkeys((0xC0A0, 0xC0A2, 0xC0AE), Suite(16, "sha256", _ccm8, explicit_nonce=8, tag=8))
    | dict.fromkeys((0xC0A1, 0xC0A3, 0xC0AF), Suite(32, "sha256", _ccm8, explicit_nonce=8, tag=8))
    | dict.fromkeys((0x002F, 0x0033, 0xC004, 0xC009, 0xC00E, 0xC013), Suite(16, "sha256", None, "sha1"))
    | dict.fromkeys((0x0035, 0x0039, 0xC005, 0xC00A, 0xC00F, 0xC014), Suite(32, "sha256", None, "sha1"))
    | dict.fromkeys((0x003C, 0x0067, 0xC023, 0xC025, 0xC027, 0xC029), Suite(16, "sha256", None, "sha256"))
    | dict.fromkeys((0x003D, 0x006B), Suite(32, "sha256", None, "sha256"))
    | dict.fromkeys((0xC024, 0xC026, 0xC028, 0xC02A), Suite(32, "sha384", None, "sha384"))
)
"""The suites of the IANA registry that anyone still agrees on in TLS 1.2."""


def hkdf_expand_label(secret: bytes, label: str, length: int, algorithm: str) -> bytes:
    """RFC 8446 section 7.1 with an empty context (one block of HKDF is enough for what is asked here)."""
    full = b"tls13 " + label.encode()
    info = length.to_bytes(2) + bytes([len(full)]) + full + b"\0"
    return hmac.digest(secret, info + b"\1", algorithm)[:length]


def _prf(secret: bytes, label: bytes, seed: bytes, length: int, algorithm: str) -> bytes:
    """RFC 5246 section 5."""
    out, a = b"", label + seed
    while len(out) < length:
        a = hmac.digest(secret, a, algorithm)
        out += hmac.digest(secret, a + label + seed, algorithm)
    return out[:length]


def _stream_cipher(suite: Suite, key: bytes, nonce: bytes, data: memoryview) -> bytes:
    """The cipher below an AEAD, which needs no tag: SP 800-38D (GCM), RFC 3610 (CCM), RFC 8439 (ChaCha20)."""
    cipher: Cipher[modes.CTR] | Cipher[None]
    if suite.aead is ChaCha20Poly1305:
        cipher = Cipher(algorithms.ChaCha20(key, b"\1\0\0\0" + nonce), None)
    elif suite.aead is AESGCM:
        cipher = Cipher(algorithms.AES(key), modes.CTR(nonce + b"\0\0\0\2"))
    else:
        cipher = Cipher(algorithms.AES(key), modes.CTR(b"\2" + nonce + b"\0\0\1"))
    return cipher.decryptor().update(bytes(data))


class RecordKeys(Protocol):
    """Opens the records of one direction and phase, in order."""

    sequence: int

    def open(self, header: bytes, body: memoryview) -> tuple[bytes, int]:
        """Content and content type of a protected record; counts the sequence number only if that succeeds.

        :raises InvalidTag: it was not protected with these keys
        """
        ...  # an interface with three implementations below

    def peek(self, body: memoryview, size: int) -> bytes:
        """Content of the next record, of whose *size* bytes only *body* was captured; not authenticated.

        Empty where the cipher does not allow it.
        """
        ...  # the same


class Tls13Keys:
    """Record protection of TLS 1.3, RFC 8446 sections 5.2 and 5.3."""

    def __init__(self, suite: Suite, secret: bytes) -> None:
        assert suite.aead is not None
        self.suite = suite
        self.secret = secret
        self.sequence = 0
        self._key = hkdf_expand_label(secret, "key", suite.key_length, suite.hash)
        self._open = suite.aead(self._key).decrypt
        self._iv = int.from_bytes(hkdf_expand_label(secret, "iv", 12, suite.hash))

    def open(self, header: bytes, body: memoryview) -> tuple[bytes, int]:
        """See `RecordKeys`. Padding (zeroes after the content type) is taken off."""
        inner = self._open((self._iv ^ self.sequence).to_bytes(12), body, header)  # type: ignore[arg-type]  # a view will do
        self.sequence += 1
        if inner and inner[-1]:
            return inner[:-1], inner[-1]
        inner = inner.rstrip(b"\0")
        return (inner[:-1], inner[-1]) if inner else (b"", 0)

    def peek(self, body: memoryview, size: int) -> bytes:
        """See `RecordKeys`."""
        nonce = (self._iv ^ self.sequence).to_bytes(12)
        return _stream_cipher(self.suite, self._key, nonce, body[: max(size - self.suite.tag - 1, 0)])

    def updated(self) -> Tls13Keys:
        """The keys after a KeyUpdate, RFC 8446 section 7.2."""
        size = new_hash(self.suite.hash).digest_size
        return Tls13Keys(self.suite, hkdf_expand_label(self.secret, "traffic upd", size, self.suite.hash))


class Tls12Keys:
    """AEAD record protection of TLS 1.2, RFC 5246 section 6.2.3.3."""

    def __init__(self, suite: Suite, key: bytes, iv: bytes) -> None:
        assert suite.aead is not None
        self.suite = suite
        self.sequence = 0
        self._key = key
        self._open = suite.aead(key).decrypt
        self._iv = iv

    def open(self, header: bytes, body: memoryview) -> tuple[bytes, int]:
        """See `RecordKeys`."""
        explicit, sequence = self.suite.explicit_nonce, self.sequence.to_bytes(8)
        size = len(body) - explicit - self.suite.tag
        if size < 0:
            raise InvalidTag
        content = self._open(self._nonce(body), body[explicit:], sequence + header[:3] + size.to_bytes(2))  # type: ignore[arg-type]  # a view will do
        self.sequence += 1
        return content, header[0]

    def peek(self, body: memoryview, size: int) -> bytes:
        """See `RecordKeys`."""
        explicit = self.suite.explicit_nonce
        if len(body) < explicit:
            return b""
        content = body[explicit : max(size - self.suite.tag, explicit)]
        return _stream_cipher(self.suite, self._key, self._nonce(body), content)

    def _nonce(self, body: memoryview) -> bytes:
        if self.suite.explicit_nonce:
            return self._iv + bytes(body[: self.suite.explicit_nonce])
        return (int.from_bytes(self._iv) ^ self.sequence).to_bytes(12)


class CbcKeys:
    """CBC record protection of TLS 1.1 and 1.2, RFC 5246 section 6.2.3.2; encrypt-then-MAC by RFC 7366."""

    def __init__(self, suite: Suite, key: bytes, mac_key: bytes, *, encrypt_then_mac: bool) -> None:
        self.sequence = 0
        self._key = key
        self._mac_key = mac_key
        self._mac = suite.mac
        self._mac_size = new_hash(suite.mac).digest_size
        self._encrypt_then_mac = encrypt_then_mac

    def open(self, header: bytes, body: memoryview) -> tuple[bytes, int]:
        """See `RecordKeys`."""
        data = bytes(body)
        if self._encrypt_then_mac:
            data, tag = data[: -self._mac_size], data[-self._mac_size :]
            self._check(header, data, tag)
        if len(data) < 32 or len(data) % 16:
            raise InvalidTag
        decryptor = Cipher(algorithms.AES(self._key), modes.CBC(data[:16])).decryptor()
        padded = decryptor.update(data[16:]) + decryptor.finalize()
        content = padded[: -1 - padded[-1]]
        if not self._encrypt_then_mac:
            content, tag = content[: -self._mac_size], content[-self._mac_size :]
            self._check(header, content, tag)
        self.sequence += 1
        return content, header[0]

    def peek(self, _body: memoryview, _size: int) -> bytes:
        """See `RecordKeys`: what is content and what padding or MAC shows only at a record's end."""
        return b""

    def _check(self, header: bytes, data: bytes, tag: bytes) -> None:
        told = self.sequence.to_bytes(8) + header[:3] + len(data).to_bytes(2) + data
        if not hmac.compare_digest(hmac.digest(self._mac_key, told, self._mac), tag):
            raise InvalidTag


def tls12_keys(
    suite: Suite, master: bytes, client_random: bytes, server_random: bytes, *, encrypt_then_mac: bool
) -> tuple[RecordKeys, RecordKeys]:
    """What protects the client's and the server's records, RFC 5246 section 6.3."""
    if suite.aead is None:
        mac, key, iv = new_hash(suite.mac).digest_size, suite.key_length, 0
    else:
        mac, key, iv = 0, suite.key_length, 12 - suite.explicit_nonce
    block = _prf(master, b"key expansion", server_random + client_random, 2 * (mac + key + iv), suite.hash)
    cuts = [0, mac, mac, key, key, iv, iv]
    places = [sum(cuts[: index + 1]) for index in range(len(cuts))]
    macs, keys, ivs = ([block[places[i] : places[i + 1]] for i in (first, first + 1)] for first in (0, 2, 4))
    if suite.aead is None:
        client, server = (CbcKeys(suite, keys[i], macs[i], encrypt_then_mac=encrypt_then_mac) for i in (0, 1))
        return client, server
    return Tls12Keys(suite, keys[0], ivs[0]), Tls12Keys(suite, keys[1], ivs[1])
