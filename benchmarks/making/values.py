"""The identities of an imagined car and its driver, from a seed: well-formed, and nobody's."""

from __future__ import annotations

import uuid
from random import Random

Position = tuple[float, float]

_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)  # ISO 3779 as used by 49 CFR 565.15
_VIN_VALUES = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True)),
}
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643: ISO 7064, MOD 11-2
_PROVINCES = "京沪粤浙苏川鄂陕"
_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "慕容", "尉迟")
_GIVEN = "明华芳伟静磊洋勇艳杰涛超敏丽强军"
_STREETS = ("清河中街", "世纪大道", "解放东路", "人民南路", "滨江西路")
_CITIES = ("北京市海淀区", "上海市浦东新区", "广州市天河区", "杭州市西湖区", "成都市锦江区")
_WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "jolly", "kayak", "lotus")


def luhn(digits: str) -> str:
    """*digits* and their check digit (ISO/IEC 7812-1, annex B)."""
    total = sum(sum(divmod(int(digit) * (2 - index % 2), 10)) for index, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def vin(random: Random) -> str:
    text = random.choice(("LSV", "LNB", "LFV", "LBV", "WMW")) + _some(random, "ABCDEFGHJKLMNPRSTUVWXYZ0123456789", 5)
    text += "0" + _some(random, "ABCDEFGHJKLMNPRSTVWXY123456789", 2) + _some(random, "0123456789", 6)
    rest = sum(_VIN_VALUES[one] * weight for one, weight in zip(text, _VIN_WEIGHTS, strict=True)) % 11
    return text[:8] + "0123456789X"[rest] + text[9:]


def id_card(random: Random) -> str:
    text = random.choice(("110108", "310115", "440106", "330106", "510104"))
    text += f"{random.randrange(1950, 2005)}{random.randrange(1, 13):02}{random.randrange(1, 29):02}"
    text += _some(random, "0123456789", 3)
    return text + "10X98765432"[sum(int(one) * weight for one, weight in zip(text, _ID_WEIGHTS, strict=True)) % 11]


def _some(random: Random, letters: str, count: int) -> str:
    return "".join(random.choice(letters) for _ in range(count))


def _mac(random: Random) -> str:
    first = random.choice((0x00, 0x04, 0x3C, 0xA4, 0xDC))
    return ":".join(f"{octet:02X}" for octet in (first, *(random.randrange(256) for _ in range(5))))


def _position(random: Random) -> Position:
    # in China, where the datums differ; six decimals that do not end in zero
    return tuple(round(random.uniform(*edges), 5) + random.randrange(1, 10) / 1e6 for edges in ((22, 40), (100, 120)))  # type: ignore[return-value]


def identities(seed: int) -> dict[str, str | Position]:
    """One value for every item that can be searched for."""
    random = Random(f"identities {seed}")
    word = random.choice(_WORDS)
    latitude, longitude = _position(random)
    values: dict[str, str | Position] = {
        "vin": vin(random),
        "iccid": luhn("898600" + _some(random, "0123456789", 13)),
        "imei": luhn("35" + _some(random, "0123456789", 12)),
        "imsi": "46000" + _some(random, "123456789", 10),
        "phone_number": "1" + random.choice("3578") + _some(random, "0123456789", 9),
        "email": f"{word}.{_some(random, 'abcdefghijklmnopqrstuvwxyz', 6)}@example.cn",
        "id_card_number": id_card(random),
        "licence_plate": random.choice(_PROVINCES) + random.choice("ABCDE") + _some(random, "ABCDEFGH0123456789", 6),
        "person_name": random.choice(_SURNAMES) + _some(random, _GIVEN, 2),
        "nickname": f"{word.title()} {_some(random, 'abcdefghijklmnopqrstuvwxyz', 5).title()}",
        "account_id": "u" + _some(random, "0123456789", 10),
        "device_id": str(uuid.UUID(int=random.getrandbits(128), version=4)),
        "oaid": _some(random, "0123456789abcdef", 32),
        "android_id": _some(random, "0123456789abcdef", 16),
        "mac_address": _mac(random),
        "bluetooth_mac": _mac(random),
        "wifi_bssid": _mac(random),
        "wifi_ssid": f"{word}-{_some(random, 'abcdefghijklmnopqrstuvwxyz', 4)}-5G",
        "ip_address": f"203.0.113.{random.randrange(100, 255)}",
        "home_address": f"{random.choice(_CITIES)}{random.choice(_STREETS)}{random.randrange(10, 999)}号",
        "position": (round(latitude, 6), round(longitude, 6)),
    }
    return values


SPELLINGS = {
    "vin": (str.lower,),
    "device_id": (str.upper, lambda text: text.replace("-", "")),
    "oaid": (str.upper,),
    "android_id": (str.upper,),
    "mac_address": (str.lower, lambda text: text.replace(":", ""), lambda text: text.replace(":", "-")),
    "bluetooth_mac": (str.lower, lambda text: text.replace(":", "").lower(), lambda text: text.replace(":", "-")),
    "wifi_bssid": (str.lower, lambda text: text.replace(":", "")),
    "phone_number": (
        lambda text: f"{text[:3]} {text[3:7]} {text[7:]}",
        lambda text: f"{text[:3]}-{text[3:7]}-{text[7:]}",
    ),
    "iccid": (lambda text: " ".join(text[at : at + 4] for at in range(0, 20, 4)),),
    "licence_plate": (lambda text: f"{text[:2]}·{text[2:]}", lambda text: f"{text[:2]}-{text[2:]}"),
}
"""Other ways to write an item; each is still the value in plain."""

POOR = {"person_name"}
"""Items with too little information to be told from chance in binary: they stand as words in text."""
