"""Whether values are written as their items are: a table of shapes and check digits.

A value of the wrong length, or with a character that the item never has, is a slip: nothing that leaves the car could
be found by it. A wrong check digit may be one as well, but real cars and cards have them, so it is only told.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from stdnum import imei, luhn
from stdnum.cn import ric

_VIN_VALUES = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "012345678912345678123457923456789"), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vin_check_digit(number: str) -> str:
    """The ninth character that fits a VIN, whatever stands there (49 CFR 565.15(c); GB 16735-2019, annex A).

    :param number: 17 letters and digits, in upper case, without I, O and Q
    """
    rest = sum(_VIN_VALUES[character] * weight for character, weight in zip(number, _VIN_WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


class Shape(NamedTuple):
    """How the values of one item are written."""

    written: re.Pattern[str]
    expected: str
    checks: Callable[[str], bool]
    """Whether the check digit of a value that is so written is right."""
    digit: str
    """Which digit that is, and whose rule."""


SHAPES = {
    "vin": Shape(
        re.compile(r"[A-HJ-NPR-Z0-9]{17}", re.IGNORECASE),
        "17 letters and digits, without I, O and Q (ISO 3779)",
        lambda text: text[8].upper() == vin_check_digit(text.upper()),
        "ninth character (49 CFR 565.15)",
    ),
    "imei": Shape(
        re.compile(r"\d{15,16}"),
        "15 digits, or 16 with the software version (3GPP TS 23.003)",
        lambda text: len(text) == 16 or imei.is_valid(text),  # the longer one has no check digit
        "last digit (Luhn)",
    ),
    "iccid": Shape(
        re.compile(r"\d{18,20}|\d{19}F|8986[0-9A-F]{16}", re.IGNORECASE),
        "19 or 20 digits (ITU-T E.118)",
        lambda text: luhn.is_valid(text[:19]) or (text.isdecimal() and luhn.is_valid(text)),
        "19th or 20th digit (Luhn)",
    ),
    "id_card_number": Shape(
        re.compile(r"\d{17}[\dX]", re.IGNORECASE),
        "17 digits, and a digit or X (GB 11643)",
        lambda text: ric.calc_check_digit(text.upper()) == text[-1].upper(),
        "last character (ISO 7064, MOD 11-2)",
    ),
}
"""By item; what is not here may be written in any way."""


def misspelt(item: str, value: str) -> str | None:
    """What is wrong with how *value* is written; it is not shown itself, since it may be somebody's."""
    shape = SHAPES.get(item)
    if shape is None or shape.written.fullmatch(value):
        return None
    hint = "; put quotes round digits" if len(value) < 15 and value.isdecimal() and item != "vin" else ""
    return f"{len(value)} characters that are not written like one, expected {shape.expected}{hint}"


def doubt(item: str, value: str) -> str | None:
    """What speaks against *value*, which is written as it should be: its check digit."""
    shape = SHAPES.get(item)
    return None if shape is None or shape.checks(value) else f"its check digit is wrong: {shape.digit}"
