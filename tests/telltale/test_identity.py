"""Identities files, items and masks."""

import pytest

from telltale.errors import InputError
from telltale.identity import Identities, Identity, masked
from telltale.items import is_within, item_named, taxonomy


def identities(tmp_path, text):
    file = tmp_path / "ids.yaml"
    file.write_text(text, encoding="utf-8")
    return Identities.load(file)


def test_values_lists_positions_and_media_are_read(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"\x00clip")
    known = identities(
        tmp_path,
        "vin: LSVXX\nemail: [a@example.com, b@example.com]\nposition: {lat: 39.9042, lon: 116.4074}\n"
        "imei: 490154203237518\nsentry_video: clip.mp4\n",
    )
    assert [i.value for i in known.of("email")] == ["a@example.com", "b@example.com"]
    assert known.first("position").value == (39.9042, 116.4074)
    assert known.first("imei").value == "490154203237518"
    assert known.first("sentry_video").value == b"\x00clip"


def test_keys_are_read_as_text_hex_or_base64_and_are_no_identity(tmp_path):
    """Keys stand beside the items, and stay with whatever is added to the identities."""
    known = identities(tmp_path, "vin: LSVXX\nkeys: [fleet, {hex: 00ff}, {base64: AAE=}]\n")
    assert known.keys == (b"fleet", b"\x00\xff", b"\x00\x01")
    assert [identity.item for identity in known.with_(Identity(item="vin", value="LSVYY"))] == ["vin", "vin"]
    assert known.with_().keys == known.keys


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vin: A\nvinn: B\n", r":2: unknown item `vinn`; did you mean `vin`\?"),
        ("position: 39.9,116.4\n", ":1: `position`: expected a position"),
        ("position: {lat: 99, lon: 1}\n", ":1: `position`: latitude lies within"),
        ("vin: [A, {b: c}]\n", ":1: `vin`: expected text"),
        ("sentry_video: gone.mp4\n", ":1: `sentry_video`: the media file cannot be read"),
        ("", ":1: holds no identities"),
        ("keys: abc\n", ":1: holds keys, and no identity"),
        ("vin: A\nkeys: [{hex: 0a0}]\n", ":2: `keys`: one of them is no hex"),
        ("vin: A\nkeys: [{base32: abc}]\n", ":2: `keys`: expected a key as text"),
        ("vin: A\nkey: abc\n", r":2: unknown item `key`; did you mean `keys`\?"),
    ],
)
def test_a_wrong_identities_file_is_told_with_its_line(tmp_path, text, expected):
    with pytest.raises(InputError, match=expected):
        identities(tmp_path, text)


def test_a_mask_never_shows_the_middle_and_hides_short_values_whole():
    assert masked("LNBSCCAF1TF000123") == "LNB•••••••••••123"
    assert masked("secret1") == "•••••••"
    assert len(masked("ab@example.com")) == 14


def test_an_identity_is_not_shown_when_it_is_printed(tmp_path):
    assert "LSV12345" not in repr(list(identities(tmp_path, "vin: LSV12345\n")))


def test_items_are_found_by_their_names_in_code_english_and_chinese():
    assert {item_named(words).name for words in ("cabin_video", "Cabin Video", "车内视频")} == {"cabin_video"}
    with pytest.raises(InputError, match="unknown item `cabin vdeo`"):
        item_named("cabin vdeo")


def test_narrower_items_lie_within_broader_ones_and_not_the_other_way():
    assert is_within("position", "location")
    assert not is_within("location", "position")


def test_every_parent_in_the_taxonomy_exists():
    table = taxonomy()
    assert {item.parent for item in table.values() if item.parent} <= set(table)
