"""Tells the unit where it is, as a GNSS receiver does: NMEA 0183 sentences RMC and GGA."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import reduce
from operator import xor
from pathlib import Path

from rigs.addresses import SerialAddress
from rigs.drivers.lines import LineConsole
from telltale.times import SECOND


class NmeaSource:
    """A line that the unit reads its position from.

    :param log: see `LineConsole`
    :raises InputError: the port cannot be opened
    """

    def __init__(self, address: SerialAddress, log: Path | None = None) -> None:
        self._console = LineConsole(address, log)
        self._place: tuple[float, float] | None = None

    @property
    def error(self) -> str | None:
        """Why the line is gone; None while all is well."""
        return self._console.error

    def place(self, latitude: float, longitude: float, bench: int) -> None:
        """Send one fix at bench time *bench*, ns; degrees, WGS-84. :raises RigError: the line is gone"""
        for line in sentences(latitude, longitude, bench):
            self._console.write(line, end="\r\n")
        self._place = latitude, longitude

    def repeat(self, bench: int) -> None:
        """Send the last fix again with the time *bench*, ns, as a receiver does each second; nothing before the first.

        :raises RigError: the line is gone
        """
        if self._place is not None:
            self.place(*self._place, bench)

    def close(self) -> None:
        """Close the port."""
        self._console.close()


def sentences(latitude: float, longitude: float, bench: int) -> list[str]:
    """The RMC and GGA sentences of a standing receiver with a good fix, without their ends of line.

    :raises ValueError: no such place
    """
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(f"{latitude}, {longitude} is no place: latitude ±90, longitude ±180 degrees")
    moment = datetime.fromtimestamp(bench // SECOND, UTC)
    clock = f"{moment:%H%M%S}.{bench % SECOND // 10_000_000:02d}"
    where = (
        f"{_angle(latitude, 2)},{'N' if latitude >= 0 else 'S'},{_angle(longitude, 3)},{'E' if longitude >= 0 else 'W'}"
    )
    return [
        _sentence(f"GPRMC,{clock},A,{where},0.0,0.0,{moment:%d%m%y},,,A"),
        _sentence(f"GPGGA,{clock},{where},1,12,0.8,50.0,M,0.0,M,,"),
    ]


def _angle(degrees: float, width: int) -> str:
    """``3954.25200``: whole degrees of *width* digits, then minutes to a hundred-thousandth (two centimetres)."""
    hundred_thousandths = round(abs(degrees) * 60 * 100_000)
    whole, rest = divmod(hundred_thousandths, 60 * 100_000)
    return f"{whole:0{width}d}{rest / 100_000:08.5f}"


def _sentence(body: str) -> str:
    """*body* between ``$`` and its checksum: the XOR of all its characters (NMEA 0183, 5.2.2)."""
    return f"${body}*{reduce(xor, body.encode('ascii')):02X}"
