"""No shape of an identity gets past the mask."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.masking import mask_all, mask_bytes

VIN = "LNBSCPEK9JD012493"


@pytest.mark.parametrize(
    "written",
    [VIN, VIN.lower(), VIN.encode().hex(), VIN.encode().hex(" "), VIN.encode().hex(":").upper()],
    ids=["plain", "lower case", "hex", "spaced hex", "upper-case hex with colons"],
)
def test_a_secret_is_masked_as_text_and_as_hex(written):
    """The middle is hidden, whatever stands around it."""
    masked = mask_all(f'{{"a": "{written}"}}', [VIN])
    assert written not in masked
    assert written[6:-6] not in masked
    assert masked.startswith('{"a": "')


@pytest.mark.parametrize("lead", [b"", b"x", b"xy"], ids=["aligned", "shifted by one", "shifted by two"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode], ids=["standard", "URL-safe"])
def test_base64_is_masked_at_every_alignment(lead, encode):
    """What stays of it does not decode to the secret any more."""
    written = encode(lead + VIN.encode() + b" and so on").decode()
    masked = mask_all(written, [VIN])
    assert masked != written
    assert max(len(run) for run in masked.replace("•", " ").split()) < len(written) - 15


@given(st.text(alphabet="ABCDEFGHJKLMNPRSTUVWXYZ0123456789", min_size=11, max_size=20), st.binary(max_size=9))
def test_no_secret_survives_in_base64_of_anything_round_it(secret, lead):
    """Property: the secret's own characters of the base64 text are hidden."""
    written = base64.b64encode(lead + secret.encode() + lead).decode()
    middle = base64.b64encode(lead[: len(lead) // 3 * 3] + secret.encode()).decode()
    assert "•" in mask_all(written, [secret])
    assert mask_all(middle, [secret]) != middle


def test_the_longer_of_two_secrets_is_masked_whole():
    """One secret may stand inside another."""
    assert mask_all("12345678901234567890", ["345678", "12345678901234567890"]) == "123••••••••••••••890"


def test_short_values_are_left_alone():
    """A plate's three characters would blot out half of any text."""
    assert mask_all("abc def", ["abc"]) == "abc def"


def test_a_position_in_nmea_keeps_its_degrees():
    """GGA and RMC: ddmm.mmmm and dddmm.mmmm before the hemisphere."""
    line = "$GPGGA,090258.00,3954.19350,N,11625.63410,E,1,12,0.8,50.0,M,0.0,M,,*60"
    masked = mask_all(line, [])
    assert "3954.19350" not in masked
    assert "11625.63410" not in masked
    assert masked.startswith("$GPGGA,090258.00,39•")
    assert masked.endswith("E,1,12,0.8,50.0,M,0.0,M,,*60")


@pytest.mark.parametrize(("size", "open_ends"), [(3, 0), (8, 2), (17, 4)])
def test_bytes_keep_two_ends_at_most(size, open_ends):
    """Short ones are hidden whole."""
    shown = mask_bytes(bytes(range(65, 65 + size)))
    assert len(shown) == size
    assert sum("•" not in pair for pair in shown) == open_ends
