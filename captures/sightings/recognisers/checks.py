"""What makes a text a value of an item: check digits, dates, numbering plans; placeholders are nobody's values."""

from __future__ import annotations

import ipaddress
import re

from stdnum import imei, luhn
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from captures.sightings.recognisers.reading import Told
from telltale.wellformed import vin_check_digit

_NO_YEAR = frozenset("IOQUZ0")  # 49 CFR 565.15, table VII; GB 16735-2019, 5.3
_RECURRENT = 3
"""Different characters that a number has at least; ``000000000000000`` and ``121212121212121`` are placeholders."""
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
"""What plates begin with, GA 36-2018, annex A."""
_LOCAL_ONE = "02:00:00:00:00:00"
"""What Android shows in place of an address since 6.0."""


def vin(text: str) -> Told | None:
    """A VIN in a field of that name: the check digit is told, for real cars have wrong ones (ISO 3779 knows none)."""
    if not _is_vin(text):
        return None
    value = text.upper()
    return Told(value, None if vin_check_digit(value) == value[8] else "check digit wrong")


def bare_vin(text: str) -> Told | None:
    """A VIN without company: its check digit and its model year must be right."""
    value = text.upper()
    if not _is_vin(text) or vin_check_digit(value) != value[8] or value[9] in _NO_YEAR:
        return None
    return Told(value) if value[0].isalpha() or value[1].isalpha() else None


def _is_vin(text: str) -> bool:
    value = text.upper()
    if text not in (value, text.lower()) or _is_placeholder(value):
        return False
    # a maker's code has a letter; what is digits alone is a time or a counter
    return value[0] != "0" and not value[:8].isdecimal() and not value.isalpha()


def equipment(text: str) -> Told | None:
    """An IMEI with the check digit of 3GPP TS 23.003, 6.2.1."""
    return Told(text) if imei.is_valid(text) and not _is_placeholder(text) else None


def subscriber(text: str) -> Told | None:
    """An IMSI: 3GPP TS 23.003, 2.2; country codes begin with 2 to 7 (ITU-T E.212)."""
    return Told(text) if text[0] in "234567" and not _is_placeholder(text) else None


def sim(text: str) -> Told | None:
    """An ICCID by ITU-T E.118: a Luhn digit at its end, or at the 19th place of the 20 that Chinese cards print."""
    digits = text.rstrip("Ff")
    if not digits.isdecimal() or _is_placeholder(digits[4:]):
        return None
    return Told(digits) if luhn.is_valid(digits) or luhn.is_valid(digits[:19]) else None


def named_sim(text: str) -> Told | None:
    """An ICCID in a field of that name; makers of Chinese cards use the last places as they like (YD/T 1171)."""
    if found := sim(text):
        return found
    if not text.startswith("8986") or len(text) != 20 or _is_placeholder(text[4:]):
        return None
    return Told(text.upper(), "check digit wrong")


def resident(text: str) -> Told | None:
    """A resident identity number, GB 11643-1999: province, date of birth, check character of ISO 7064 MOD 11-2."""
    value = text.upper()
    if value[:2] not in _DIVISIONS or ric.calc_check_digit(value) != value[-1]:
        return None
    try:
        ric.get_birth_date(value)
    except ValidationError:
        return None
    return Told(value)


_DIVISIONS = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()  # noqa: SIM905 - a table
)
"""Provinces by GB/T 2260-2007, and 83 of the residence permits for Taiwan residents."""


def bank_card(text: str) -> Told | None:
    """A card number by ISO/IEC 7812-1: issuer of UnionPay, Visa, Mastercard, Amex, JCB, and the Luhn digit."""
    digits = re.sub("[ -]", "", text)
    known = re.match(r"62\d{14,17}\Z|4\d{15}\Z|(?:5[1-5]|2[2-7])\d{14}\Z|3[47]\d{13}\Z|35\d{14}\Z", digits)
    return Told(digits) if known and luhn.is_valid(digits) and not _is_placeholder(digits) else None


def phone(text: str) -> Told | None:
    """A number by ITU-T E.164; mainland mobile numbers are told without their country code."""
    digits = re.sub("[^0-9]", "", text)
    international = text.startswith(("+", "%2B", "%2b", "00")) and len(digits) > 11
    if text.startswith(("%2B", "%2b")):
        digits = digits[1:]
    digits = digits.removeprefix("00")
    if digits.startswith("86") and len(digits) == 13:
        digits, international = digits[2:], False
    if len(set(digits[3:])) < _RECURRENT - 1 or not 7 <= len(digits) <= 15:
        return None
    return Told("+" + digits if international else digits)


def mac(text: str) -> Told | None:
    """A station's address, IEEE 802-2014, 8: multicast and placeholders are no station's."""
    octets = re.findall("[0-9a-f]{2}", text.lower())
    value = ":".join(octets)
    if int(octets[0], 16) & 1 or value == _LOCAL_ONE or len(set(octets)) == 1 or value[:8] == "00:00:00":
        return None
    return Told(value, "locally administered" if int(octets[0], 16) & 2 else None)


def mail(text: str) -> Told | None:
    """An address by RFC 5321, 4.1.2, in its usual characters; names of files (``logo@2x.png``) are none."""
    value = text.replace("%40", "@")
    local, _, domain = value.rpartition("@")
    if ".." in value or local.startswith(".") or local.endswith(".") or domain.rpartition(".")[2].lower() in _FILES:
        return None
    return Told(value)


_FILES = frozenset(("png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "ts", "json", "html", "php", "xml", "zip"))


def plate(text: str) -> Told | None:
    """A licence plate, GA 36-2018: province, office, serial of five places, or of six for new energy."""
    value = re.sub(r"[· -]", "", text)
    return Told(value) if value[0] in PROVINCES and any(map(str.isdecimal, value[2:])) else None


def internet(text: str) -> Told | None:
    """An IP address that belongs to a host: loopback, documentation, multicast and unspecified ones do not."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if address.is_loopback or address.is_multicast or address.is_unspecified or text.endswith(".255"):
        return None
    return Told(str(address), "private" if address.is_private else "public")


def identifier(text: str) -> Told | None:
    """An identifier of a device: hex digits, which must not be a placeholder."""
    bare = text.lower().replace("-", "")
    return None if len(set(bare)) <= _RECURRENT else Told(text.lower())


def pair(text: str) -> Told | None:
    """A latitude and a longitude in decimal degrees, with three decimals or more: 100 m and finer."""
    names = re.findall(r"(?i)(lat|lon|lng|纬度|经度)[^0-9-]*?(-?\d{1,3}\.\d+)", text)
    numbers = {("lat" if name.lower() in ("lat", "纬度") else "lon"): float(number) for name, number in names}
    if set(numbers) != {"lat", "lon"}:
        return None
    latitude, longitude = numbers["lat"], numbers["lon"]
    if abs(latitude) > 90 or abs(longitude) > 180 or (abs(latitude) < 1 and abs(longitude) < 1):
        return None
    return Told(f"{latitude:.6f},{longitude:.6f}")


def _is_placeholder(value: str) -> bool:
    return len(set(value)) < _RECURRENT or value in "0123456789012345678901" or value.startswith("123456789")
