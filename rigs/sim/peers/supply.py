"""A bench power supply of one channel that speaks SCPI over TCP.

Its output really takes the unit down and boots it, and ``*OPC?`` answers when that is done. The load draws what the
unit says that it draws, whatever the voltage; for a unit that says nothing it is a resistor.
"""

from __future__ import annotations

from collections.abc import Callable

from rigs.sim.peers.scpi import OUT_OF_RANGE, UNDEFINED, ScpiPeer

IDENTITY = "Telltale,Simulated supply,0,1"
VOLTAGE_RANGE = (0.0, 30.0)
CURRENT_RANGE = (0.0, 5.0)
LOAD = 16.0
"""Ohm: what the unit draws when it runs, 0.75 A at 12 V."""


class SupplySimulator(ScpiPeer):
    """One channel. *on_output* is called with True or False when the output changes and may block for seconds."""

    def __init__(self, on_output: Callable[[bool], None], drawn: Callable[[], float | None] = lambda: None) -> None:
        """*drawn*: what the unit says that it draws, ampere."""
        super().__init__(IDENTITY)
        self._on_output = on_output
        self._drawn = drawn
        self.voltage = 0.0
        """Volt, as set."""
        self.current = 0.0
        """Ampere, as set (the limit)."""
        self.output = False
        self._settings: dict[str, tuple[str, tuple[float, float]]] = {
            "VOLT": ("voltage", VOLTAGE_RANGE),
            "CURR": ("current", CURRENT_RANGE),
        }
        self._questions: dict[str, Callable[[], str]] = {
            "VOLT?": lambda: f"{self.voltage:.3f}",
            "CURR?": lambda: f"{self.current:.3f}",
            "OUTP?": lambda: str(int(self.output)),
            "MEAS:VOLT?": lambda: f"{self._measured()[0]:.3f}",
            "MEAS:CURR?": lambda: f"{self._measured()[1]:.6f}",
        }

    def _measured(self) -> tuple[float, float]:
        """Volt and ampere at the terminals: constant voltage until the load would draw more than the limit."""
        if not self.output:
            return 0.0, 0.0
        if (drawn := self._drawn()) is not None:
            return self.voltage, min(drawn, self.current)
        current = min(self.voltage / LOAD, self.current)
        return current * LOAD, current

    async def reset(self) -> None:
        """Everything at zero, and off."""
        self.voltage = self.current = 0.0
        await self._switch(on=False)

    async def command(self, header: str, argument: str) -> str | None:
        """Settings, output and measurement."""
        if (question := self._questions.get(header)) is not None:
            return question()
        if header == "OUTP" and argument.upper() in ("ON", "OFF", "1", "0"):
            await self._switch(on=argument.upper() in ("ON", "1"))
        elif header in self._settings:
            self._set(*self._settings[header], argument)
        else:
            self.errors.append(UNDEFINED)
        return None

    def _set(self, name: str, limits: tuple[float, float], argument: str) -> None:
        try:
            value = float(argument)
        except ValueError:
            value = float("nan")
        if limits[0] <= value <= limits[1]:
            setattr(self, name, value)
        else:
            self.errors.append(OUT_OF_RANGE)

    async def _switch(self, *, on: bool) -> None:
        if on == self.output:
            return
        self.output = on
        if not await self.outside(self._on_output, on):
            self.output = False
