"""Data of the vehicle beside the name of its field: ``"speed": 50``, ``vehicleSpeed=50``, ``续航 412``.

A number says nothing by itself, so the name is all there is to go by. It is worth reading only where a policy names the
item: then what leaves under that name is judged instead of passing unjudged. One of a text stands for all, as a track
is one thing however many points it has.

Numbers are read in text, and in MessagePack and CBOR, where they follow their name without anything between.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterator, Mapping
from functools import partial

from captures.sightings.recognisers.reading import Recogniser, Told

_DIGITS = rb"[0-9]{0,11}(?:\.[0-9]{1,12})?(?:[eE][+-]?[0-9]{1,2})?"
_BIG: Mapping[int, str] = {1: ">B", 2: ">H", 4: ">I", 8: ">Q"}


def _packed(*rows: tuple[int, str]) -> Mapping[int, struct.Struct]:
    return {first: struct.Struct(layout) for first, layout in rows}


_MSGPACK = _packed(
    *((0xCC + power, _BIG[1 << power]) for power in range(4)),
    *((0xD0 + power, _BIG[1 << power].lower()) for power in range(4)),
    (0xCA, ">f"),
    (0xCB, ">d"),
)
"""MessagePack specification, formats of int and float: first byte to what follows."""
_CBOR = _packed(*((0x18 + power, _BIG[1 << power]) for power in range(4)), (0xF9, ">e"), (0xFA, ">f"), (0xFB, ">d"))
"""RFC 8949, section 3: major type 0, and the floats of major type 7."""


def _in_text(text: str) -> Told:
    return Told(text)


def _in_bytes(table: Mapping[int, struct.Struct], text: str) -> Told | None:
    data = text.encode("latin-1")
    (number,) = table[data[0]].unpack(data[1:])
    # a float that was measured is of some size; other bytes read as a float are of any
    return Told(f"{number:.6g}") if number == 0 or 1e-4 < abs(number) < 1e7 else None


def _forms(table: Mapping[int, struct.Struct]) -> bytes:
    rows = (rb"\x%02x[\x00-\xff]{%d}" % (first, layout.size) for first, layout in table.items())
    return rb"|".join(rows)


def _keys(kind: int, names: str) -> bytes:
    """Keys that are one of *names* as a whole: *kind* and their length stand in one byte before them."""
    written = {form for name in names.split() for form in (name, name.replace("_", ""))}
    keys = sorted(key for form in written if len(key := form.encode()) < _LONG)
    return rb"(?:" + rb"|".join(rb"\x%02x" % (kind + len(key)) + _letters(key) for key in keys) + rb")"


def _letters(key: bytes) -> bytes:
    """A short key is three bytes in any case, which random bytes are soon enough."""
    if len(key) >= _TELLING:
        return rb"(?i:" + re.escape(key) + rb")"
    return rb"(?:" + rb"|".join(dict.fromkeys((key, key.upper(), key.title()))) + rb")"


_CBOR_TEXT, _MSGPACK_TEXT = 0x60, 0xA0
"""RFC 8949, section 3.1: major type 3; MessagePack specification, fixstr."""
_LONG = 24  # bytes; from here on a length has a byte of its own in CBOR
_TELLING = 5  # bytes; with a number behind it chance once in 500 GB

NAMES: Mapping[str, str] = {
    "speed": "speed vehicle_speed car_speed wheel_speed spd velocity 车速 时速 速度",
    "odometer": "odometer odo mileage total_mileage trip_distance 里程 总里程 行驶里程 累计里程",
    "soc": "soc state_of_charge battery_level battery_percent battery_percentage charge_level 电量 荷电状态 剩余电量",
    "vehicle_data": (
        "fuel_level fuel_percent fuel_remaining engine_rpm motor_rpm tire_pressure tyre_pressure cabin_temp "
        "cabin_temperature battery_temp battery_voltage steering_angle brake_pressure throttle seat_position "
        "door_status window_status remaining_range 油量 转速 胎压 续航 车内温度 座椅位置 车门状态 车窗状态"
    ),
}
"""Item to the names of its fields."""


def vehicle_shapes(items: Collection[str]) -> Iterator[Recogniser]:
    """Recognisers of those of *items* that fields are named after."""
    for item, names in NAMES.items():
        if item in items:
            text = partial(Recogniser, item, rb"[0-9]", _in_text, "RFC 8259, section 6", more=_DIGITS, once=True)
            yield text(names=names, among_text=True)
            packed = partial(Recogniser, item, after=b"", encoding="latin-1", joined=True, once=True)
            msgpack = partial(
                packed,
                value=_forms(_MSGPACK),
                check=partial(_in_bytes, _MSGPACK),
                source="MessagePack specification, int and float",
            )
            yield msgpack(names=" ".join(name for name in names.split() if len(name.encode()) >= _TELLING))
            yield msgpack(before=_keys(_MSGPACK_TEXT, names))
            yield packed(
                value=_forms(_CBOR),
                check=partial(_in_bytes, _CBOR),
                source="RFC 8949, sections 3.1 and 3.3",
                before=_keys(_CBOR_TEXT, names),
            )
