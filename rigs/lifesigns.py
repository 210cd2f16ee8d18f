"""The signs by which a bench tells a sleeping unit from one that is awake, each on its own.

    supply    what it draws
    network   its own network-management message on CAN, which runs while the unit needs the bus and then stops
              (AUTOSAR SWS CANNetworkManagement, 7.2; OSEK/VDX NM 2.5.3, 3.3)
    modem     its AT console, which does not answer in power save, or says how far its functions are up (TS 27.007, 8.2)

A message that was never heard tells nothing by being absent, so until then the network gives no sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rigs.instruments import Instruments, MissingInstrumentError
from telltale.errors import RigError
from telltale.times import format_duration

if TYPE_CHECKING:
    from rigs.vehicle import LifeRow

SILENCE = 0.5
"""Seconds after which a modem that has not answered does not answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sign:
    """What one instrument says at one moment."""

    source: str
    """Whose sign it is: ``supply``, ``network``, ``modem``."""
    asleep: bool
    told: str
    """In words: ``it draws 0.003 A``."""


class Signs:
    """The signs of one unit on one rig; what the rig or the vehicle file lacks gives none.

    :param network: identifier of the unit's network-management message, and whether it is an extended one
    """

    def __init__(self, row: LifeRow, instruments: Instruments, *, network: tuple[int, bool] | None) -> None:
        self._row = row
        self._instruments = instruments
        self._network = network
        self._frames = 0
        self._heard: int | None = None
        self._modem: Sign | None = None

    def use(self, instruments: Instruments) -> None:
        """Go on with other instruments: a unit's own ports come and go with its power."""
        self._instruments = instruments

    @property
    def possible(self) -> bool:
        """Whether this rig can give any."""
        row, has = self._row, self._instruments
        return any(
            (
                row.asleep_below is not None and has.power is not None,
                self._network is not None and has.can is not None,
                row.modem is not None and has.modem is not None,
            )
        )

    def read(self, now: int, ampere: float | None) -> tuple[Sign, ...]:
        """All that can be had now. The modem is asked last, once, and only if no other sign speaks of waking.

        :param now: bench time, ns
        :param ampere: what the unit draws from its supply; None: that is not known
        :raises RigError: an instrument does not answer
        """
        found = [sign for sign in (self._supply(ampere), self._on_the_bus(now)) if sign is not None]
        if not all(sign.asleep for sign in found):
            self._modem = None  # it is asked anew when it may sleep again
            return tuple(found)
        if self._modem is None:
            self._modem = self._ask_modem()
        return (*found, self._modem) if self._modem is not None else tuple(found)

    def doubted(self) -> None:
        """What the modem said is no longer believed: it is asked again at the next look."""
        self._modem = None

    def _supply(self, ampere: float | None) -> Sign | None:
        if ampere is None or self._row.asleep_below is None:
            return None
        return Sign(source="supply", asleep=ampere < self._row.asleep_below, told=f"it draws {ampere:g} A")

    def _on_the_bus(self, now: int) -> Sign | None:
        can, row = self._instruments.can, self._row.network_management
        if can is None or row is None or self._network is None:
            return None
        identifier, extended = self._network
        self._instruments.arrived()
        if (frames := can.heard(identifier, extended=extended)) != self._frames:
            self._frames, self._heard = frames, now
        if self._heard is None:
            return None
        since, asleep = now - self._heard, now - self._heard >= row.silent_after
        how = f"silent for {format_duration(since)}" if asleep else "running"
        return Sign(source="network", asleep=asleep, told=f"its {row.message} on CAN is {how}")

    def _ask_modem(self) -> Sign | None:
        modem, row = self._instruments.modem, self._row.modem
        if modem is None or row is None:
            return None
        try:
            answer = " ".join(modem.command(row.ask, timeout=SILENCE))
        except MissingInstrumentError:
            return None  # a person's, who is not asked while time passes
        except RigError as error:
            return Sign(source="modem", asleep=row.asleep == "no answer", told=str(error))
        return Sign(
            source="modem", asleep=answer == row.asleep, told=f"its modem answers `{row.ask}`: {answer or 'OK'}"
        )
