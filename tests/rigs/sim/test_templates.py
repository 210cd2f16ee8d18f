"""Text with places for values."""

import base64
import gzip
import hashlib

import pytest

from rigs.sim.unit.templates import TemplateError, names, parse, render, render_all, render_text

VALUES = {"vin": "LNBSCPAE5RW000017", "speed": 50.5, "position.lat": 39.9042, "clip": b"\x00\x01"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{vin}", "LNBSCPAE5RW000017"),
        ("vin={vin}&v={speed}", "vin=LNBSCPAE5RW000017&v=50.5"),
        ("{speed}", 50.5),
        ("{position.lat:.1f}", "39.9"),
        ("{{{vin|lower}}}", "{lnbscpae5rw000017}"),
        ("{vin|sha256|hex}", hashlib.sha256(b"LNBSCPAE5RW000017").hexdigest()),
        ("{vin|reversed}", "710000WR5EAPCSBNL"),
        ("{vin|utf16|hex}", "LNBSCPAE5RW000017".encode("utf-16-le").hex()),
        ("{position.lat:.4f|md5|hex}", hashlib.md5(b"39.9042").hexdigest()),
        ("{clip}", b"\x00\x01"),
        ("nothing", "nothing"),
        ("", ""),
    ],
)
def test_a_template_takes_its_values(text, value):
    """A place alone keeps the type of its value."""
    assert render(text, VALUES.__getitem__) == value


def test_stages_go_from_left_to_right():
    """The value is packed first and made text last."""
    packed = render("{vin|gzip|base64}", VALUES.__getitem__)
    assert gzip.decompress(base64.b64decode(packed)) == b"LNBSCPAE5RW000017"


def test_json_is_filled_through_all_its_depth():
    """Numbers stay numbers, and what is no text stays as it is."""
    data = {"a": ["{speed}", {"{vin}": "x"}], "n": 1, "t": True}
    assert render_all(data, VALUES.__getitem__) == {"a": [50.5, {"LNBSCPAE5RW000017": "x"}], "n": 1, "t": True}


def test_the_names_asked_for_are_known_beforehand():
    """So that a file can be checked before anything is sent."""
    assert names("{vin} at {position.lat:.1f}, {{no}}") == ["vin", "position.lat"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{vin", "a brace that is no place"),
        ("vin}", "a brace that is no place"),
        ("{VIN}", "a brace that is no place"),
        ("{vin|blurred}", "`blurred` works on a picture or video as the camera took it; put it first"),
        ("{sentry_video|gzip|small}", "`small` works on a picture or video as the camera took it; put it first"),
        ("{vin|gzp}", "unknown stage `gzp`; did you mean `gzip`"),
        ("{vin|gzip|lower}", "`lower` works on text"),
    ],
)
def test_what_is_no_template_is_refused(text, complaint):
    """In words for the author of the file."""
    with pytest.raises(TemplateError, match=complaint):
        parse(text)


@pytest.mark.parametrize("text", ["x{vin|gzip}", "{clip} and more"])
def test_bytes_do_not_stand_in_the_midst_of_text(text):
    """They need an encoding first."""
    with pytest.raises(TemplateError, match="end it with `hex` or `base64`"):
        render(text, VALUES.__getitem__)


def test_headers_and_json_take_no_bytes():
    """Only a whole body or a file in a form does."""
    with pytest.raises(TemplateError, match="is bytes"):
        render_text("{clip}", VALUES.__getitem__)
    with pytest.raises(TemplateError, match="is bytes"):
        render_all({"a": "{clip}"}, VALUES.__getitem__)
