"""A SCPI power supply through VISA (pyvisa with its pure Python backend, pyvisa-py)."""

from __future__ import annotations

import contextlib
from typing import Any

import pyvisa
from pyvisa.resources import MessageBasedResource

from rigs.addresses import PowerAddress
from rigs.protocols import Reading
from telltale.errors import InputError, RigError

_ANSWER = 3_000
"""Milliseconds for an ordinary answer."""
_SWITCHED = 120_000
"""Milliseconds for an output to be switched: a simulated supply boots its unit meanwhile."""
_NO_ERROR = 0


class ScpiSupply:
    """One output of a supply. Nothing is ever sent that would set it above the ceiling of its rig file.

    :raises InputError: nothing there, or nothing that answers as a supply does
    :raises RigError: the supply refuses its settings
    """

    def __init__(self, address: PowerAddress) -> None:
        self._address = address
        self._manager = pyvisa.ResourceManager("@py")
        self._resource: MessageBasedResource | None = None
        try:
            self._resource = self._open()
            self.identity = self._identify()
            """What it says of itself: maker, model, serial number, firmware."""
            self._write("*CLS")
            if address.channel is not None:
                self._write(f"INST:NSEL {address.channel}")
            self.set(address.voltage, address.current)
        except BaseException:
            self._release()
            raise

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
        self._write(f"VOLT {voltage:g}")
        self._write(f"CURR {current:g}")
        self._check("setting voltage and current")

    def on(self) -> None:
        """Switch the output on, once the supply has confirmed settings below the ceiling.

        :raises RigError: the supply stands above the ceiling (somebody turned its knob), or did not switch
        """
        ceiling = self._address.ceiling
        voltage, current = float(self._ask("VOLT?")), float(self._ask("CURR?"))
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
        return Reading(float(self._ask("MEAS:VOLT?")), float(self._ask("MEAS:CURR?")))

    def close(self) -> None:
        """Leave the output in its safe state and hang up.

        :raises RigError: the safe state could not be reached
        """
        if self._resource is None:
            return
        try:
            if self._address.safe_state == "off":
                self.off()
            else:
                self.on()
        finally:
            self._release()

    def _open(self) -> MessageBasedResource:
        try:
            resource = self._manager.open_resource(self._address.visa)
        except Exception as error:  # noqa: BLE001 - backends of pyvisa-py raise whatever their transport raises
            raise InputError(self._unreachable(" ".join(str(error).split()))) from None
        if not isinstance(resource, MessageBasedResource):
            resource.close()
            raise InputError(self._unreachable("it takes no messages"))
        resource.read_termination = resource.write_termination = "\n"
        resource.timeout = _ANSWER
        return resource

    def _identify(self) -> str:
        try:
            identity = self._messages.query("*IDN?").strip()
        except (pyvisa.errors.Error, OSError) as error:
            raise InputError(self._unreachable(f"*IDN? is not answered ({error})")) from None
        if identity.count(",") != 3:  # IEEE 488.2, 10.14: four fields
            raise InputError(self._unreachable(f"*IDN? was answered `{identity[:60]}`"))
        return identity

    def _unreachable(self, what: str) -> str:
        return (
            f"no supply at {self._address.visa}: {what}; expected e.g. TCPIP::192.168.0.5::5025::SOCKET or "
            "USB0::0x1AB1::0x0E11::DP8C1::INSTR; `pyvisa-info` and the supply's own menu show its address"
        )

    def _switch(self, state: str) -> None:
        self._write(f"OUTP {state}")
        with self._patience(_SWITCHED):
            self._ask("*OPC?")
        self._check(f"switching {state.lower()}")
        if self._ask("OUTP?").strip().upper() not in (("1", "ON") if state == "ON" else ("0", "OFF")):
            raise RigError(f"the supply at {self._address.visa} did not switch {state.lower()}")

    def _check(self, doing: str) -> None:
        """:raises RigError: the supply has noted an error (SCPI-1999 volume 2, 21.8)"""
        problem = self._ask("SYST:ERR?")
        if int(problem.split(",", 1)[0]) != _NO_ERROR:
            raise RigError(f"the supply at {self._address.visa} reports, when {doing}: {problem}")

    def _write(self, command: str) -> None:
        try:
            self._messages.write(command)
        except (pyvisa.errors.Error, OSError) as error:
            raise RigError(f"the supply at {self._address.visa} does not take `{command}`: {error}") from None

    def _ask(self, question: str) -> str:
        try:
            return self._messages.query(question).strip()
        except (pyvisa.errors.Error, OSError) as error:
            raise RigError(f"the supply at {self._address.visa} does not answer `{question}`: {error}") from None

    @property
    def _messages(self) -> MessageBasedResource:
        if self._resource is None:
            raise RigError(f"the connection to the supply at {self._address.visa} is closed")
        return self._resource

    @contextlib.contextmanager
    def _patience(self, milliseconds: int) -> Any:
        self._messages.timeout = milliseconds
        try:
            yield
        finally:
            self._messages.timeout = _ANSWER

    def _release(self) -> None:
        if self._resource is not None:
            with contextlib.suppress(pyvisa.errors.Error, OSError):  # the connection may be gone already
                self._resource.close()
            self._resource = None
        self._manager.close()
