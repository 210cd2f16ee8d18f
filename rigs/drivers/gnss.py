"""Tells the unit where it is, as a GNSS receiver does: NMEA 0183 sentences RMC and GGA."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Literal

from rigs.addresses import SerialAddress
from rigs.drivers.lines import LineConsole
from rigs.route import Fix
from telltale.times import SECOND

_KNOT = 1852 / 3600
"""Metres a second (BIPM, The International System of Units, 9th edition)."""


class NmeaSource:
    """A line that the unit reads its position from.

    :param log: see `LineConsole`
    :raises InputError: the port cannot be opened
    """

    def __init__(self, address: SerialAddress, log: Path | None = None) -> None:
        self._console = LineConsole(address, log)
        self._last: Fix | Literal["lost"] | None = None
        """What was told last."""

    @property
    def error(self) -> str | None:
        """Why the line is gone; None while all is well."""
        return self._console.error

    def place(self, latitude: float, longitude: float, bench: int) -> None:
        """Send one fix of a car that stands, at bench time *bench*, ns; degrees, WGS-84.

        :raises RigError: the line is gone
        """
        self.move(Fix(latitude, longitude), bench)

    def move(self, fix: Fix, bench: int) -> None:
        """Send *fix* at bench time *bench*, ns. :raises RigError: the line is gone"""
        self._send(sentences(fix, bench))
        self._last = fix

    def lose(self, bench: int) -> None:
        """Send that there is no fix, and none of the last one. :raises RigError: the line is gone"""
        self._send(void(bench))
        self._last = "lost"

    def repeat(self, bench: int) -> None:
        """Send the last fix, or that it is lost, again with the time *bench*, ns, as a receiver does each second.

        Nothing is sent before anything was told.

        :raises RigError: the line is gone
        """
        if self._last == "lost":
            self.lose(bench)
        elif self._last is not None:
            self.move(self._last, bench)

    def _send(self, lines: list[str]) -> None:
        for line in lines:
            self._console.write(line, end="\r\n")

    def close(self) -> None:
        """Close the port."""
        self._console.close()


def sentences(fix: Fix, bench: int) -> list[str]:
    """The RMC and GGA sentences of a receiver with a good fix, without their ends of line.

    :raises ValueError: no such place
    """
    latitude, longitude = fix.position
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(f"{latitude}, {longitude} is no place: latitude ±90, longitude ±180 degrees")
    clock, date = _moment(bench)
    where = (
        f"{_angle(latitude, 2)},{'N' if latitude >= 0 else 'S'},{_angle(longitude, 3)},{'E' if longitude >= 0 else 'W'}"
    )
    return [
        _sentence(f"GPRMC,{clock},A,{where},{fix.speed / _KNOT:.1f},{fix.course:.1f},{date},,,A"),
        _sentence(f"GPGGA,{clock},{where},1,12,0.8,50.0,M,0.0,M,,"),
    ]


def void(bench: int) -> list[str]:
    """The same sentences of a receiver without a fix: RMC with status V and mode N, GGA with quality 0, no position."""
    clock, date = _moment(bench)
    return [_sentence(f"GPRMC,{clock},V,,,,,,,{date},,,N"), _sentence(f"GPGGA,{clock},,,,,0,00,,,M,,M,,")]


def _moment(bench: int) -> tuple[str, str]:
    """``120000.12`` and ``221126``: time of day and date, UTC."""
    moment = datetime.fromtimestamp(bench // SECOND, UTC)
    return f"{moment:%H%M%S}.{bench % SECOND // 10_000_000:02d}", f"{moment:%d%m%y}"


def _angle(degrees: float, width: int) -> str:
    """``3954.25200``: whole degrees of *width* digits, then minutes to a hundred-thousandth (two centimetres)."""
    hundred_thousandths = round(abs(degrees) * 60 * 100_000)
    whole, rest = divmod(hundred_thousandths, 60 * 100_000)
    return f"{whole:0{width}d}{rest / 100_000:08.5f}"


def _sentence(body: str) -> str:
    """*body* between ``$`` and its checksum: the XOR of all its characters (NMEA 0183, 5.2.2)."""
    return f"${body}*{reduce(xor, body.encode('ascii')):02X}"
