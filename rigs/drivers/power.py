"""A SCPI power supply through VISA (pyvisa with its pure Python backend, pyvisa-py)."""

from __future__ import annotations

from rigs.addresses import PowerAddress
from rigs.drivers.scpi import ScpiInstrument
from rigs.protocols import Reading
from telltale.errors import InputError, RigError

_SWITCHED = 120_000
"""Milliseconds for an output to be switched: a simulated supply boots its unit meanwhile."""


class ScpiSupply:
    """One output of a supply. Nothing is ever sent that would set it above the ceiling of its rig file.

    :raises InputError: nothing there, or nothing that answers as a supply does
    :raises RigError: the supply refuses its settings
    """

    def __init__(self, address: PowerAddress) -> None:
        self._address = address
        self._line = ScpiInstrument(
            address.visa,
            what="supply",
            example="TCPIP::192.168.0.5::5025::SOCKET or USB0::0x1AB1::0x0E11::DP8C1::INSTR",
        )
        try:
            if address.channel is not None:
                self._line.write(f"INST:NSEL {address.channel}")
            self.set(address.voltage, address.current)
        except BaseException:
            self._line.release()
            raise

    @property
    def identity(self) -> str:
        """What it says of itself: maker, model, serial number, firmware."""
        return self._line.identity

    def set(self, voltage: float, current: float) -> None:
        """Set the voltage, volt, and the current limit, ampere.

        :raises InputError: above the ceiling, or negative; nothing has been sent then
        :raises RigError: the supply did not take it
        """
        ceiling = self._address.ceiling
        for name, wanted, most, unit in (
            ("voltage", voltage, ceiling.voltage, "V"),
            ("current", current, ceiling.current, "A"),
        ):
            if not 0 <= wanted <= most:
                raise InputError(f"the {name} {wanted:g} {unit} is not within this rig's ceiling, 0 to {most:g} {unit}")
        self._line.write(f"VOLT {voltage:g}")
        self._line.write(f"CURR {current:g}")
        self._line.check("setting voltage and current")

    def on(self) -> None:
        """Switch the output on, once the supply has confirmed settings below the ceiling.

        :raises RigError: the supply stands above the ceiling (somebody turned its knob), or did not switch
        """
        ceiling = self._address.ceiling
        voltage, current = float(self._line.ask("VOLT?")), float(self._line.ask("CURR?"))
        if voltage > ceiling.voltage or current > ceiling.current:
            raise RigError(
                f"the supply stands at {voltage:g} V and {current:g} A, above this rig's ceiling of "
                f"{ceiling.voltage:g} V and {ceiling.current:g} A; it was not switched on"
            )
        self._switch("ON")

    def off(self) -> None:
        """Switch the output off. :raises RigError: it did not switch"""
        self._switch("OFF")

    def measure(self) -> Reading:
        """Voltage and current at the terminals."""
        return Reading(float(self._line.ask("MEAS:VOLT?")), float(self._line.ask("MEAS:CURR?")))

    def close(self) -> None:
        """Leave the output in its safe state and hang up.

        :raises RigError: the safe state could not be reached
        """
        if not self._line.connected:
            return
        try:
            if self._address.safe_state == "off":
                self.off()
            else:
                self.on()
        finally:
            self._line.release()

    def _switch(self, state: str) -> None:
        self._line.write(f"OUTP {state}")
        with self._line.patience(_SWITCHED):
            self._line.ask("*OPC?")
        self._line.check(f"switching {state.lower()}")
        if self._line.ask("OUTP?").strip().upper() not in (("1", "ON") if state == "ON" else ("0", "OFF")):
            raise RigError(f"{self._line} did not switch {state.lower()}")
