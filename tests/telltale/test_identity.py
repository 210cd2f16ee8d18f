"""Identities files, items and masks."""

import pytest

from telltale.errors import InputError
from telltale.identity import Identities, Identity, masked
from telltale.items import is_within, item_named, table, taxonomy


def identities(tmp_path, text):
    file = tmp_path / "ids.yaml"
    file.write_text(text, encoding="utf-8")
    return Identities.load(file)


def test_values_lists_positions_and_media_are_read(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"\x00clip")
    known = identities(
        tmp_path,
        "vin: LSVAM4187C2184847\nemail: [a@example.com, b@example.com]\nposition: {lat: 39.9042, lon: 116.4074}\n"
        "imei: 490154203237518\nsentry_video: clip.mp4\n",
    )
    assert [i.value for i in known.of("email")] == ["a@example.com", "b@example.com"]
    assert known.first("position").value == (39.9042, 116.4074)
    assert known.first("imei").value == "490154203237518"
    assert known.first("sentry_video").value == b"\x00clip"


def test_keys_are_read_as_text_hex_or_base64_and_are_no_identity(tmp_path):
    """Keys stand beside the items, and stay with whatever is added to the identities."""
    known = identities(tmp_path, "vin: LSVAM4187C2184847\nkeys: [fleet, {hex: 00ff}, {base64: AAE=}]\n")
    assert known.keys == (b"fleet", b"\x00\xff", b"\x00\x01")
    assert [identity.item for identity in known.with_(Identity(item="vin", value="LSVYY"))] == ["vin", "vin"]
    assert known.with_().keys == known.keys


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("email: A\nvinn: B\n", r":2: unknown item `vinn`; did you mean `vin`\?"),
        ("position: 39.9,116.4\n", ":1: `position`: expected a position"),
        ("position: {lat: 99, lon: 1}\n", ":1: `position`: latitude lies within"),
        ("email: [A, {b: c}]\n", ":1: `email`: expected text"),
        ("sentry_video: gone.mp4\n", ":1: `sentry_video`: the media file cannot be read"),
        ("", ":1: holds no identities"),
        ("keys: abc\n", ":1: holds keys, and no identity"),
        ("email: A\nkeys: [{hex: 0a0}]\n", ":2: `keys`: one of them is no hex"),
        ("email: A\nkeys: [{base32: abc}]\n", ":2: `keys`: expected a key as text"),
        ("email: A\nkey: abc\n", r":2: unknown item `key`; did you mean `keys`\?"),
    ],
)
def test_a_wrong_identities_file_is_told_with_its_line(tmp_path, text, expected):
    with pytest.raises(InputError, match=expected):
        identities(tmp_path, text)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("vin: LSVAM4187C218484", "`vin`: 16 characters .* expected 17 letters and digits, without I, O and Q"),
        ("vin: LSVAM4187C218484O", "`vin`: 17 characters .* without I, O and Q"),
        ("imei: 49015420323751", "`imei`: 14 characters .* expected 15 digits"),
        ("imei: 001017000000011", "`imei`: .* put quotes round digits"),  # YAML's octal
        ("iccid: 8986990000000001", "`iccid`: 16 characters .* expected 19 or 20 digits"),
        (
            "id_card_number: 11010519491231002Y",
            "`id_card_number`: 18 characters .* expected 17 digits, and a digit or X",
        ),
        ("vin:\n  - LSVAM4187C2184847\n  - LSV", "`vin`: 3 characters"),
    ],
)
def test_an_identity_that_nothing_could_be_found_by_is_an_error_that_does_not_show_it(tmp_path, line, expected):
    """Wrong length, or a character that such values never have."""
    number = 1 + len(line.splitlines())
    with pytest.raises(InputError, match=f":{number}: {expected}") as caught:
        identities(tmp_path, f"email: a@b.c\n{line}\n")
    assert line.rpartition(" ")[2] not in str(caught.value).rpartition(": ")[0]


@pytest.mark.parametrize(
    ("item", "right", "wrong"),
    [
        ("vin", "LSVAM4187C2184847", "LSVAM4188C2184847"),
        ("imei", "490154203237518", "490154203237519"),
        ("imei", "4901542032375101", None),
        ("iccid", "89869900000000000011", "89869900000000000018"),
        ("iccid", "8986012345678901239F", "898602B2001780012345"),
        ("id_card_number", "11010519491231002X", "110105194912310021"),
    ],
)
def test_a_wrong_check_digit_is_told_and_the_value_believed(tmp_path, item, right, wrong):
    """Real cars and cards have such."""
    assert identities(tmp_path, f"{item}: '{right}'\n").doubts == ()
    if wrong:
        known = identities(tmp_path, f"email: a@b.c\n{item}: '{wrong}'\n")
        assert known.first(item).value == wrong
        [told] = known.doubts
        assert f"ids.yaml:2: warning: `{item}`: its check digit is wrong" in told
        assert wrong not in told


def test_a_mask_never_shows_the_middle_and_hides_short_values_whole():
    assert masked("LNBSCCAF1TF000123") == "LNB•••••••••••123"
    assert masked("secret1") == "•••••••"
    assert len(masked("ab@example.com")) == 14


def test_an_identity_is_not_shown_when_it_is_printed(tmp_path):
    assert "LSVAM4187C2184847" not in repr(list(identities(tmp_path, "vin: LSVAM4187C2184847\n")))


def test_items_are_found_by_their_names_in_code_english_and_chinese():
    assert {item_named(words).name for words in ("cabin_video", "Cabin Video", "车内视频")} == {"cabin_video"}
    with pytest.raises(InputError, match="unknown item `cabin vdeo`"):
        item_named("cabin vdeo")


def test_narrower_items_lie_within_broader_ones_and_not_the_other_way():
    assert is_within("position", "location")
    assert not is_within("location", "position")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[vin]", ":1: holds a list, expected a mapping from item to its names"),
        ("vin: x", ":1: `vin` is text, expected a mapping with en, zh, sensitivity"),
        ("\nvin: {en: a, zh: b, sensitvity: other}", ":2: unknown key `sensitvity`; did you mean `sensitivity`?"),
        (
            "vin: {en: a, zh: b, sensitivity: low}",
            ":1: `vin.sensitivity` is `low`, expected one of sensitive, personal, other",
        ),
        ("vin:\n  en: 4\n  zh: b\n  sensitivity: other", ":2: `vin.en` is `4`, expected text"),
        ("vin: {en: a, sensitivity: other}", ":1: `vin.zh` is missing"),
    ],
    ids=["list", "text", "unknown key", "unknown word", "number", "missing"],
)
def test_a_slip_in_a_table_of_items_is_told_with_its_line(text, told, tmp_path):
    (tmp_path / "items.yaml").write_text(text)
    with pytest.raises(InputError) as error:
        table(tmp_path / "items.yaml")
    assert str(error.value) == f"{tmp_path / 'items.yaml'}{told}"


def test_every_parent_in_the_taxonomy_exists():
    table = taxonomy()
    assert {item.parent for item in table.values() if item.parent} <= set(table)
