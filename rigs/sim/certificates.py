"""The simulated clouds' certificate authority: one a rig, made anew, known to the gateway and to nobody else.

Keys are ECDSA on P-256, which take well under a millisecond to make. The certificates carry every extension that a
strict verifier asks for (RFC 5280, section 4.2.1: key identifiers, basic constraints, key usage).
"""

from __future__ import annotations

import ipaddress
import os
import ssl
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from telltale.errors import RigError

CERTIFICATE_NAME = "cloud-ca.pem"
KEY_NAME = "cloud-ca-key.pem"
ALPN = ("h2", "http/1.1")

_AUTHORITY_LIFE = timedelta(days=3650)
_LEAF_LIFE = timedelta(days=397)
"""The longest that common clients accept (CA/Browser Forum Baseline Requirements, section 6.3.2)."""
_BACKDATED = timedelta(days=30)
"""A unit whose clock lags a little still accepts the certificates."""


class CloudAuthority:
    """Signs a server certificate for any name, on the fly. Made by `create` or `load`."""

    def __init__(
        self, *, certificate: Path, key: Path, clients: Path | None = None, keylog: Path | None = None
    ) -> None:
        self._clients = clients
        self._keylog = keylog
        self.certificate = certificate
        """The authority's certificate, PEM; give it to whoever checks the clouds' certificates."""
        self.key = key
        """The authority's private key, PEM (PKCS #8, not encrypted), mode 0600."""
        try:
            self._certificate = x509.load_pem_x509_certificate(certificate.read_bytes())
            signing_key = serialization.load_pem_private_key(key.read_bytes(), password=None)
        except OSError as error:
            raise RigError(f"the cloud authority cannot be read: {error.strerror}: {error.filename}") from None
        except ValueError as error:
            raise RigError(f"the cloud authority cannot be read: {error}: {certificate}, {key}") from None
        if not isinstance(signing_key, ec.EllipticCurvePrivateKey):
            raise RigError(f"{key} holds a {type(signing_key).__name__}, expected an elliptic-curve key")
        if signing_key.public_key() != self._certificate.public_key():
            raise RigError(f"{key} is not the key of {certificate}")
        self._signing_key = signing_key
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._contexts: dict[tuple[str, tuple[str, ...]], ssl.SSLContext] = {}

    @classmethod
    def create(cls, folder: Path) -> CloudAuthority:
        """A new authority whose two files lie in *folder* (made if missing), mode 0600.

        :raises FileExistsError: the folder holds an authority already
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Telltale simulated clouds")])
        certificate = authority_certificate(name, key)
        certificate_path, key_path = folder / CERTIFICATE_NAME, folder / KEY_NAME
        write_private(key_path, key_pem(key))
        write_private(certificate_path, certificate.public_bytes(serialization.Encoding.PEM))
        return cls(certificate=certificate_path, key=key_path)

    @classmethod
    def load(
        cls, *, certificate: Path, key: Path, clients: Path | None = None, keylog: Path | None = None
    ) -> CloudAuthority:
        """The authority that another process made.

        :param clients: PEM file of the authorities whose client certificates its servers ask for; None: for none
        :param keylog: where its servers write down their TLS keys (RFC 9850)
        :raises RigError: the files are missing, or are no certificate with its elliptic-curve key
        """
        return cls(certificate=certificate, key=key, clients=clients, keylog=keylog)

    def context_for(self, server_name: str, alpn: Sequence[str] = ALPN) -> ssl.SSLContext:
        """A server's TLS context with a certificate for *server_name* (a DNS name or an IP address).

        *alpn* lists the protocols the server speaks, the preferred first. Contexts are kept and handed out again.

        :raises ValueError: the name cannot stand in a certificate (not ASCII)
        """
        wanted = (server_name.lower().rstrip("."), tuple(alpn))
        if wanted not in self._contexts:
            self._contexts[wanted] = self._new_context(*wanted)
        return self._contexts[wanted]

    def leaf_for(self, server_name: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        """A certificate for *server_name* and its key, for what is no ``ssl`` context.

        :raises ValueError: the name cannot stand in a certificate (not ASCII)
        """
        return x509.load_pem_x509_certificate(self._leaf(server_name.lower().rstrip("."))), self._leaf_key

    def context_for_any(self, address: str, alpn: Sequence[str] = ALPN) -> ssl.SSLContext:
        """A context whose certificate is for the name that the client asks for (SNI); without one, for *address*."""

        def follow(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> int | None:
            if name is None:
                return None
            try:
                connection.context = self.context_for(name, alpn)
            except ValueError:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            return None

        context = self._new_context(address, tuple(alpn))
        context.sni_callback = follow
        return context

    def _new_context(self, name: str, alpn: tuple[str, ...]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # load_cert_chain takes nothing but a path; the file is gone again before anyone else could want it
        with tempfile.NamedTemporaryFile(dir=self.certificate.parent) as file:
            file.write(self._leaf(name) + key_pem(self._leaf_key))
            file.flush()
            context.load_cert_chain(file.name)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if self._clients:
            context.load_verify_locations(self._clients)
            context.verify_mode = ssl.CERT_OPTIONAL  # a context chosen by SNI cannot ask for more than the first one
        if self._keylog:
            context.keylog_filename = str(self._keylog)
        return context

    def _leaf(self, name: str) -> bytes:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64] or "unnamed")])
        issuer = self._certificate
        certificate = (
            builder(subject, issuer.subject, self._leaf_key.public_key(), self._signing_key.public_key())
            .add_extension(x509.SubjectAlternativeName([_general_name(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self._signing_key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM)


def authority_certificate(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """A root that signs end entities alone."""
    return (
        builder(name, name, key.public_key(), key.public_key(), _AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(key_cert_sign=True, crl_sign=True, digital_signature=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
    life: timedelta = _LEAF_LIFE,
) -> x509.CertificateBuilder:
    """What every certificate has: names, number, validity, and the two key identifiers."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now - _BACKDATED + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name or "unnamed")


def key_usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    """The extension with the usages given, and no other."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8, not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def write_private(path: Path, content: bytes) -> None:
    """A new file, mode 0600. :raises FileExistsError: it is there already"""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
