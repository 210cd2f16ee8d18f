"""Client certificates of simulated units, and the authority that their maker's servers trust for them.

An *exportable* key can be copied to the bench, which then speaks for the unit. A key in a hardware security module
works for the unit and never leaves it, so nobody can stand in for the unit there.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rigs.sim import certificates
from telltale.errors import RigError

CERTIFICATE_NAME = "client-ca.pem"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientKey:
    """One unit's key with its certificate."""

    pem: str = field(repr=False)
    """Key (PKCS #8, not encrypted) and certificate: for the unit's own process."""
    exportable: bool

    def export(self, folder: Path) -> Path:
        """Copy key and certificate to a new file in *folder*, mode 0600.

        :raises RigError: the key is in a hardware security module
        """
        if not self.exportable:
            raise RigError("the unit's client key is in its hardware security module and cannot be copied")
        path = folder / f"{secrets.token_hex(8)}.pem"
        certificates.write_private(path, self.pem.encode())
        return path


class ClientAuthority:
    """Made anew for each rig, in *folder* (made if missing); its own key stays in memory."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Telltale simulated units")])
        root = certificates.authority_certificate(self._name, self._key)
        self.certificate = folder / CERTIFICATE_NAME
        """For the servers that check clients, PEM."""
        certificates.write_private(self.certificate, root.public_bytes(serialization.Encoding.PEM))

    def issue(self, unit: str, *, exportable: bool) -> ClientKey:
        """A new key for *unit*. Its certificate names the model, and nothing that singles out a car."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, unit[:64])])
        certificate = (
            certificates.builder(subject, self._name, key.public_key(), self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(certificates.key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        pem = certificates.key_pem(key) + certificate.public_bytes(serialization.Encoding.PEM)
        return ClientKey(pem=pem.decode(), exportable=exportable)
