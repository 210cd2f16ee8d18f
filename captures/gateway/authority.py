"""The bench's certificate authority where it outlives a run: made once, installed on the unit, kept on the bench."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from mitmproxy.certs import CertStore

from telltale.errors import InputError

_NAME = "mitmproxy"
"""What mitmproxy's own files begin with."""
_KEY_BITS = 2048
KEY_AND_CERTIFICATE = "mitmproxy-ca.pem"
CERTIFICATE = "mitmproxy-ca-cert.pem"


@dataclass(frozen=True, kw_only=True, slots=True)
class BenchCa:
    """A CA on disk."""

    certificate: Path
    """PEM, for the unit; its key stays in the same folder, in `KEY_AND_CERTIFICATE`."""
    fingerprint: str
    """SHA-256, hexadecimal."""
    until: str
    """Last day of its validity, ISO 8601."""


def create(folder: Path) -> BenchCa:
    """A new CA in *folder*, which is made with mode 0700.

    :raises InputError: the folder holds one already, which units may trust by now, or cannot be written
    """
    if (folder / KEY_AND_CERTIFICATE).exists():
        raise InputError("holds a CA already; units may trust it, so it is never overwritten", file=folder)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        CertStore.create_store(folder, _NAME, _KEY_BITS)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=folder) from None
    return load(folder)


def load(folder: Path) -> BenchCa:
    """The CA in *folder*.

    :raises InputError: there is none, with the mend
    """
    path = folder / CERTIFICATE
    if not (path.is_file() and (folder / KEY_AND_CERTIFICATE).is_file()):
        raise InputError(f"holds no CA of a bench; make one with `telltale ca {folder}`", file=folder)
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"is no certificate that can be read: {error}", file=path) from None
    return BenchCa(
        certificate=path,
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        until=f"{certificate.not_valid_after_utc:%Y-%m-%d}",
    )


def android_name(ca: BenchCa) -> str:
    """What Android's folder of system authorities calls it: OpenSSL's ``x509 -subject_hash_old``, and ``.0``.

    That is the first four bytes, as a little-endian integer, of the MD5 of the subject's name in DER.
    """
    certificate = x509.load_pem_x509_certificate(ca.certificate.read_bytes())
    digest = hashes.Hash(hashes.MD5())  # noqa: S303 - a file's name, not a signature
    digest.update(certificate.subject.public_bytes(serialization.Encoding.DER))
    return f"{int.from_bytes(digest.finalize()[:4], 'little'):08x}.0"
