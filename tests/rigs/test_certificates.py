"""The simulated clouds' certificate authority, in real TLS handshakes."""

import contextlib
import ssl

import pytest
from cryptography import x509

from rigs.sim.certificates import CloudAuthority
from telltale.errors import RigError


def handshake(authority, name, *, alpn=("h2", "http/1.1"), wanted=("http/1.1",), trusted=None, server=None):
    """Shake hands in memory, the client asking for *name*; the client's TLS object afterwards."""
    context = ssl.create_default_context(cafile=str(trusted or authority.certificate))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols(list(wanted))
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(down, up, server_hostname=name)
    server = (server or authority.context_for(name, alpn)).wrap_bio(up, down, server_side=True)
    for side in (client, server, client):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    return client


@pytest.mark.parametrize("name", ["ux.example", "203.0.113.10", "fd20::10", "a" * 60 + ".b.example"])
def test_a_strict_client_that_trusts_the_authority_accepts_any_name(tmp_path, name):
    """A name, an IPv4 or IPv6 address, and a name too long for a common name verify under X.509 strict mode."""
    assert handshake(CloudAuthority.create(tmp_path), name).version() == "TLSv1.3"


def test_the_protocols_are_as_given(tmp_path):
    """ALPN picks the server's first choice among the client's."""
    authority = CloudAuthority.create(tmp_path)
    assert handshake(authority, "a.example", wanted=("http/1.1", "h2")).selected_alpn_protocol() == "h2"
    assert (
        handshake(authority, "a.example", alpn=("http/1.1",), wanted=("h2", "http/1.1")).selected_alpn_protocol()
        == "http/1.1"
    )
    assert handshake(authority, "a.example", alpn=(), wanted=("mqtt",)).selected_alpn_protocol() is None


def test_one_context_serves_any_name(tmp_path):
    """The certificate follows the name that the client asks for; without one it is for the address."""
    authority = CloudAuthority.create(tmp_path)
    context = authority.context_for_any("203.0.113.10")
    for name in ("a.example", "b.example", "203.0.113.10"):
        client = handshake(authority, name, server=context)
        assert client.getpeercert()["subjectAltName"][0][1] == name
        assert client.selected_alpn_protocol() == "http/1.1"


def test_another_authority_is_not_trusted(tmp_path):
    """Two benches do not accept each other's clouds."""
    mine, other = CloudAuthority.create(tmp_path / "a"), CloudAuthority.create(tmp_path / "b")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(mine, "a.example", trusted=other.certificate)


def test_both_files_are_private_and_nothing_else_is_left(tmp_path):
    """Only the two files of mode 0600 lie in the folder, also after certificates were made."""
    authority = CloudAuthority.create(tmp_path / "new")
    authority.context_for("a.example")
    assert sorted((tmp_path / "new").iterdir()) == sorted([authority.certificate, authority.key])
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()} == {0o600}


def test_the_files_are_enough_for_another_process(tmp_path):
    """An authority loaded from its two files signs certificates that verify against the first one's."""
    made = CloudAuthority.create(tmp_path)
    loaded = CloudAuthority.load(certificate=made.certificate, key=made.key)
    handshake(loaded, "a.example", trusted=made.certificate)


def test_contexts_are_kept(tmp_path):
    """The same name, in whatever case and with or without its final dot, has one context."""
    authority = CloudAuthority.create(tmp_path)
    assert authority.context_for("A.example.") is authority.context_for("a.example")
    assert authority.context_for("a.example", ()) is not authority.context_for("a.example")


def test_an_authority_is_not_overwritten(tmp_path):
    """Certificates already handed out stay valid."""
    before = CloudAuthority.create(tmp_path).certificate.read_bytes()
    with pytest.raises(FileExistsError):
        CloudAuthority.create(tmp_path)
    assert x509.load_pem_x509_certificate((tmp_path / "cloud-ca.pem").read_bytes())
    assert (tmp_path / "cloud-ca.pem").read_bytes() == before


def test_wrong_files_are_told_in_one_line(tmp_path):
    """A missing file, rubbish and somebody else's key are refused with the path."""
    a, b = CloudAuthority.create(tmp_path / "a"), CloudAuthority.create(tmp_path / "b")
    with pytest.raises(RigError, match="No such file"):
        CloudAuthority.load(certificate=a.certificate, key=tmp_path / "missing.pem")
    with pytest.raises(RigError, match="cannot be read"):
        CloudAuthority.load(certificate=a.key, key=a.key)
    with pytest.raises(RigError, match="is not the key of"):
        CloudAuthority.load(certificate=a.certificate, key=b.key)
