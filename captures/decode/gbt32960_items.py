"""The data items of a GB/T 32960.3 report, in both editions.

Tables are those of GB/T 32960.3-2016, section 7.2.3, and of GB/T 32960.3-2025, section 7.2.4.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from struct import Struct

from telltale.transmission import Field

_VEHICLE = Struct("!BBBHIHHBBBH").unpack_from
_POSITION = Struct("!BII").unpack_from
_POSITION_2025 = Struct("!BBII").unpack_from
_COORDINATES = {1: "wgs84", 2: "gcj02", 3: "other"}
"""2025, table 21: what the coordinates of a position are measured in."""
_SIGNATURE = 0xFF
_ALGORITHMS = {1: "SM2", 2: "RSA", 3: "ECC"}
"""2025, table 8."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """What makers make of it."""

    start: int = 6
    """Bytes before the first item: a time, by the standard."""
    vehicle: int
    """Bytes of the vehicle item."""
    fuel_cell: int = 0
    """Bytes of the fuel cell item where no field tells them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Edition:
    """One of the standard."""

    layouts: tuple[Layout, ...]
    """By the standard first."""
    sizes: Mapping[int, Callable[[bytes, int], int]]
    """Length of each item's content but the vehicle's."""
    position: Callable[[bytes, int], list[Field]]
    signed: bool = False
    """A signature ends the report."""


def report(data: bytes, *, start: int, edition: Edition) -> list[Field]:
    """Section 7.2.2, or the nearest layout under which every byte of the data unit falls into place.

    :param data: a frame without its checksum
    :param start: where its data unit begins
    :raises struct.error: an item is cut off
    :raises IndexError: likewise
    """
    tried: list[list[Field]] = []
    fault: struct.error | IndexError | None = None
    for layout in edition.layouts:
        try:
            found, whole = _items(data, start + layout.start, layout, edition)
        except (struct.error, IndexError) as error:
            fault = fault or error
            continue
        if whole:
            return found
        tried.append(found)
    if fault and not any(tried):
        raise fault
    return max(tried, key=len, default=[])


def _items(data: bytes, place: int, layout: Layout, edition: Edition) -> tuple[list[Field], bool]:
    """Type, then content, until the data unit ends (then True) or a type is unknown."""
    found: list[Field] = []
    while place < len(data):
        kind = data[place]
        place += 1
        if kind == 1:
            found += _vehicle(data, place)
            size: int | None = layout.vehicle
        elif kind == 3 and layout.fuel_cell:
            size = layout.fuel_cell
        elif kind in edition.sizes:
            size = edition.sizes[kind](data, place)
        else:
            size = _own_size(data, place) if kind >= 0x80 else None
        if kind == 5:
            found += edition.position(data, place)
        elif kind == _SIGNATURE and edition.signed:
            found += _signature(data, place)
        if size is None:
            return found, False
        place += size
        if place > len(data):
            raise IndexError
    return found, True


def _vehicle(data: bytes, place: int) -> list[Field]:
    """Table 9; all ones and all ones less one mean invalid and abnormal."""
    _, _, _, speed, odometer, _, _, soc, *_ = _VEHICLE(data, place)
    rows = (
        ("speed", speed, 10, place + 3, 2),
        ("odometer", odometer, 10, place + 5, 4),
        ("soc", soc, 1, place + 13, 1),
    )
    return [
        Field(name=name, value=value / scale if scale > 1 else value, part="payload", offset=offset, length=size)
        for name, value, scale, offset, size in rows
        if value < (1 << 8 * size) - 2
    ]


def _position(data: bytes, place: int) -> list[Field]:
    """Table 15, in millionths of a degree; status bit 0 invalid (the last valid one is sent), 1 south, 2 west."""
    status, longitude, latitude = _POSITION(data, place)
    return _positions(status, latitude, longitude, place + 1)


def _positions(status: int, latitude: int, longitude: int, offset: int) -> list[Field]:
    if longitude > 180_000_000 or latitude > 90_000_000:
        return []
    value = (
        latitude / 1e6 * (-1 if status & 2 else 1),
        longitude / 1e6 * (-1 if status & 4 else 1),
    )
    return [Field(name="position", value=value, part="payload", offset=offset, length=8)]


def _own_size(data: bytes, place: int) -> int:
    """Section 7.2.4: an own item tells its length in two bytes."""
    return 2 + _u16(data, place)


def _u16(data: bytes, place: int) -> int:
    if place + 2 > len(data):
        raise IndexError
    return int.from_bytes(data[place : place + 2])


def _alarms(data: bytes, place: int) -> int:
    """Table 17: level, flags, and four lists of 4-byte codes."""
    end = place + 5
    for _ in range(4):
        end += 1 + 4 * data[end]
    return end - place


def _voltages(data: bytes, place: int) -> int:
    """Table 19: for each battery pack ten bytes and two for each cell of this frame."""
    end = place + 1
    for _ in range(data[place]):
        end += 10 + 2 * data[end + 9]
    return end - place


def _temperatures(data: bytes, place: int) -> int:
    """Table 21: for each battery pack its number, the number of probes, and a byte for each."""
    end = place + 1
    for _ in range(data[place]):
        end += 3 + _u16(data, end + 1)
    return end - place


def _position_2025(data: bytes, place: int) -> list[Field]:
    """Table 21 (2025): a byte for the coordinate system follows the status."""
    status, system, longitude, latitude = _POSITION_2025(data, place)
    found = _positions(status, latitude, longitude, place + 2)
    if found:
        name = _COORDINATES.get(system, f"0x{system:02x}")
        found.append(Field(name="coordinate_system", value=name, part="payload", offset=place + 1, length=1))
    return found


def _signature(data: bytes, place: int) -> list[Field]:
    """Table 8 (2025): the algorithm, then two numbers behind their lengths."""
    name = _ALGORITHMS.get(data[place], f"0x{data[place]:02x}")
    return [Field(name="signature", value=name, part="payload", offset=place, length=len(data) - place)]


def _signature_size(data: bytes, place: int) -> int:
    first = 1 + 2 + _u16(data, place + 1)
    return first + 2 + _u16(data, place + first)


def _alarms_2025(data: bytes, place: int) -> int:
    """Table 23 (2025): the general alarms once more, two bytes each, with their levels."""
    size = _alarms(data, place)
    return size + 1 + 2 * data[place + size]


def _cells(data: bytes, place: int) -> int:
    """Tables 11 and 12 (2025): number, voltage, current, number of cells, and two bytes for each."""
    end = place + 1
    for _ in range(data[place]):
        end += 7 + 2 * _u16(data, end + 5)
    return end - place


def _stacks(data: bytes, place: int) -> int:
    """Tables 18 and 19 (2025): for each stack ten bytes and one for each probe."""
    end = place + 1
    for _ in range(data[place]):
        end += 10 + _u16(data, end + 8)
    return end - place


def _capacitor(data: bytes, place: int) -> int:
    """Table 25 (2025): number, voltage, current; two bytes for each cell, one for each probe, behind their numbers."""
    cells = 7 + 2 * _u16(data, place + 5)
    return cells + 2 + _u16(data, place + cells)


EDITION_2016 = Edition(
    # by the standard; without the time; without the pedals
    layouts=tuple(Layout(start=start, vehicle=vehicle) for start, vehicle in ((6, 20), (6, 18), (0, 20), (0, 18))),
    sizes={
        2: lambda data, place: 1 + 12 * data[place],
        3: lambda data, place: 18 + _u16(data, place + 6),
        4: lambda _data, _place: 5,
        5: lambda _data, _place: 9,
        6: lambda _data, _place: 14,
        7: _alarms,
        8: _voltages,
        9: _temperatures,
    },
    position=_position,
)

EDITION_2025 = Edition(
    # the length of table 17, fuel cell engine and hydrogen, is found by what follows it
    layouts=(Layout(vehicle=18), *(Layout(vehicle=18, fuel_cell=size) for size in range(8, 25))),
    sizes={
        2: lambda data, place: 1 + 10 * data[place],
        4: lambda _data, _place: 2,
        5: lambda _data, _place: 10,
        6: _alarms_2025,
        7: _cells,
        8: _temperatures,
        0x30: _stacks,
        0x31: _capacitor,
        0x32: lambda _data, _place: 18,
        _SIGNATURE: _signature_size,
    },
    position=_position_2025,
    signed=True,
)
