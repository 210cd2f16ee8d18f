"""Fresh identities for one run: values with the structure of real ones that belong to nobody.

Each is drawn from a range that its own authority keeps for tests or has not handed out; the comments say which.
"""

from __future__ import annotations

import math
import random
import secrets
import uuid
from collections.abc import Callable, Mapping

from rigs.anonymiser import blurred
from rigs.footage import picture, sound, video
from rigs.words import words
from telltale.identity import Identities, Identity, Position
from telltale.wellformed import vin_check_digit

BEIJING: Position = (39.9042, 116.4074)
"""Tiananmen, degrees, WGS-84."""
_VIN_ALPHABET = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
_PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_SURNAMES = ("欧阳", "司马", "诸葛", "上官", "慕容", "令狐", "尉迟", "宇文")
_GIVEN = "测试样例演检验仿真模拟"
"""Characters of "test", "sample", "drill", "check", "simulated": a name that reads as made up."""
_METRES_PER_DEGREE = 111_320
_FOOTAGE: Mapping[str, Callable[[random.Random], bytes]] = {
    "sentry_video": lambda draw: video(draw, frames=6),
    "cabin_video": lambda draw: video(draw, frames=5),
    "cabin_image": picture,
    "cabin_audio": lambda draw: sound(draw, seconds=1),
    "parking_image": picture,
    "avatar": picture,
    "exterior_audio": lambda draw: sound(draw, seconds=1),
    "call_audio": lambda draw: sound(draw, seconds=1),
    "voice_message": lambda draw: sound(draw, seconds=1),
    "user_photo": picture,
    "feedback_image": picture,
    "track_video": lambda draw: video(draw, frames=2),
    "camera_view": picture,
    "mirrored_screen": picture,
}
"""Media item to what the car's cameras and microphones hold of it."""
_SHOWN = ("sentry_video", "parking_image")
"""Footage of the street, in which people are blurred before it is shown."""


def generate(seed: int | None = None, *, manufacturer_code: str = "LNB", near: Position = BEIJING) -> Identities:
    """Identities of a run, the same for the same *seed*; None draws new ones.

    :param manufacturer_code: the VIN's first three characters (ISO 3780)
    :param near: degrees, WGS-84; the position lies within 2 km of it, the home 30 to 50 km away, so that rounding to
        a city keeps them apart
    """
    draw = random.Random(secrets.randbits(64) if seed is None else seed)  # noqa: S311 - test data, repeatable by its seed
    handle = "".join(draw.choices("bcdfghjkmnpqrstvwxz", k=10))
    text = {
        "vin": vin(draw, manufacturer_code),
        # TAC with reporting body 00: test devices (GSMA TS.06)
        "imei": with_luhn("001017" + _digits(draw, 8)),
        # 89 telecom, 86 China, issuer 99: none of China's operators; 20 digits as they use (ITU-T E.118)
        "iccid": with_luhn("898699" + _digits(draw, 13)),
        # MCC 001, MNC 01: test networks (ITU-T E.212)
        "imsi": "00101" + _digits(draw, 10),
        # 154 is not handed out to any of China's operators
        "phone_number": "154" + _digits(draw, 8),
        "account_id": str(draw.randrange(2_000_000_000, 9_999_999_999)),
        "device_id": _hex(draw, 32),
        "oaid": str(uuid.UUID(int=draw.getrandbits(128), version=4)),
        "android_id": _hex(draw, 16),
        "mac_address": _mac(draw),
        "bluetooth_mac": _mac(draw),
        # Hainan hands out the letters A to F only; D and five digits: a new-energy car (GA 36)
        "licence_plate": "琼" + draw.choice("STUVWXYZ") + "D" + _digits(draw, 5),
        "person_name": draw.choice(_SURNAMES) + "".join(draw.sample(_GIVEN, 2)),
        # example.com: reserved (RFC 2606, 3)
        "email": f"{handle}@example.com",
        "nickname": f"Sample {handle[:7].title()}",
        "home_address": f"测试路{_digits(draw, 3)}号 {handle[3:]}",
        "serial_number": "TEST" + _digits(draw, 12),
        "neighbour_mac": _mac(draw),
        "wifi_ssid": f"Bench {handle[2:9]}",
        **words(draw),
    }
    values: dict[str, str | Position | bytes] = {
        **text,
        "position": _moved(draw, near, 100, 2_000),
        "home_position": _moved(draw, near, 30_000, 50_000),
        "track_position": _moved(draw, near, 60_000, 80_000),
        "destination": _moved(draw, near, 130_000, 150_000),
        **{item: make(draw) for item, make in _FOOTAGE.items()},
    }
    given = [Identity(item=item, value=value) for item, value in values.items()]
    # what a car makes of its footage before others see it is the run's as well, and is looked for
    given += [
        Identity(item=item, value=blurred(value))
        for item, value in values.items()
        if isinstance(value, bytes) and item in _SHOWN
    ]
    return Identities(given)


def another_vin(manufacturer_code: str) -> Identity:
    """A fresh VIN, for a car that is given another one in the midst of a run."""
    return Identity(item="vin", value=vin(random.Random(secrets.randbits(64)), manufacturer_code))  # noqa: S311 - test data


def vin(draw: random.Random, manufacturer_code: str) -> str:
    """A vehicle identification number with a right check digit (ISO 3779; GB 16735; 49 CFR 565.15).

    The tenth character, the model year, is 0, which no year has (nor I, O, Q, U, Z): so no vehicle bears this number.
    """
    given = manufacturer_code + "".join(draw.choices(_VIN_ALPHABET, k=5)) + "0" + "0"
    given += draw.choice("ABCDEFGHJKLMNPRSTUVWXYZ") + _digits(draw, 6)
    return given[:8] + vin_check_digit(given) + given[9:]


def with_luhn(digits: str) -> str:
    """*digits* and their check digit (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def _digits(draw: random.Random, count: int) -> str:
    return "".join(draw.choices("0123456789", k=count))


def _hex(draw: random.Random, count: int) -> str:
    return "".join(draw.choices("0123456789abcdef", k=count))


def _mac(draw: random.Random) -> str:
    """A locally administered unicast address (IEEE 802, 8.2.2): assigned to no manufacturer."""
    first, *rest = draw.randbytes(6)
    return ":".join(f"{byte:02x}" for byte in ((first & 0xFC) | 0x02, *rest))


def _moved(draw: random.Random, place: Position, least: float, most: float) -> Position:
    """*place* moved in a random direction by *least* to *most* metres, to six decimals."""
    distance, direction = draw.uniform(least, most), draw.uniform(0, 2 * math.pi)
    north, east = distance * math.cos(direction), distance * math.sin(direction)
    latitude = place[0] + north / _METRES_PER_DEGREE
    longitude = place[1] + east / (_METRES_PER_DEGREE * math.cos(math.radians(place[0])))
    return round(latitude, 6), round(longitude, 6)
