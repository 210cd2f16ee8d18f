"""The bench's CA where it is kept from run to run."""

import shutil
import ssl
import subprocess

import pytest

from captures.gateway import Gateway, authority
from telltale.errors import InputError
from telltale.processes import spawn_here
from trials.cli import main


def test_a_ca_is_made_once_and_its_key_stays_private(tmp_path):
    made = authority.create(tmp_path / "ca")
    assert authority.load(tmp_path / "ca") == made
    assert (tmp_path / "ca").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "ca" / authority.KEY_AND_CERTIFICATE).stat().st_mode & 0o077 == 0
    assert len(ssl.create_default_context(cafile=made.certificate).get_ca_certs()) == 1


def test_a_ca_that_units_may_trust_is_never_overwritten(tmp_path):
    before = authority.create(tmp_path)
    with pytest.raises(InputError, match="holds a CA already"):
        authority.create(tmp_path)
    assert authority.load(tmp_path) == before


def test_a_gateway_signs_with_the_ca_that_it_is_given(tmp_path):
    """And makes none of its own."""
    kept = authority.create(tmp_path / "ca")
    folder = tmp_path / "gateway"
    with Gateway.start(
        spawn=spawn_here, folder=folder, names={}, upstream_ca=None, modes=("regular@127.0.0.1:0",), ca=tmp_path / "ca"
    ) as gateway:
        assert gateway.ca_certificate == kept.certificate
        assert gateway.ca_certificate.read_bytes() == kept.certificate.read_bytes()
    assert not (folder / "authority").exists()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not installed")
def test_the_name_for_android_is_openssls(tmp_path):
    made = authority.create(tmp_path)
    asked = ["openssl", "x509", "-subject_hash_old", "-noout", "-in", made.certificate]
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    assert authority.android_name(made) == f"{told}.0"


def test_the_command_says_what_goes_where(tmp_path, capsys):
    folder = tmp_path / "ca"
    assert main(["ca", str(folder)]) == 0
    said = capsys.readouterr().out
    assert f"install on the unit: {folder / authority.CERTIFICATE}" in said
    assert f"keep to the bench: {folder / authority.KEY_AND_CERTIFICATE}" in said
    assert main(["ca", str(folder)]) == 2
    assert capsys.readouterr().err == (
        f"telltale: {folder}: holds a CA already; units may trust it, so it is never overwritten\n"
    )
