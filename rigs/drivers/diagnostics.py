"""A unit's diagnosis through udsoncan: unified diagnostic services (ISO 14229-1) over the bench's CAN bus."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

import udsoncan
from udsoncan.client import Client
from udsoncan.exceptions import (
    ConfigError,
    InvalidResponseException,
    NegativeResponseException,
    TimeoutException,
    UnexpectedResponseException,
)

from rigs.diagnosis import VIN, Diagnosis, Identifier, fault_name
from rigs.drivers.can import CanDriver
from rigs.drivers.isotp import IsoTpConnection
from rigs.protocols import Fault
from telltale.errors import InputError, RigError, near_miss

_ANSWER = 5.0
"""Seconds for an answer. Far above a unit's 50 ms (ISO 14229-2, P2): what is judged here is the content."""
_BACK = 30.0
"""Seconds for a unit to answer again after a reset."""
_LIFE = 1.0
"""Seconds for a sign of life."""
_POLL = 0.2
_DEFAULT_SESSION, _EXTENDED_SESSION = 0x01, 0x03
"""ISO 14229-1:2020, table 25."""
_HARD_RESET = 0x01
"""ISO 14229-1:2020, table 34."""
_ALL = 0xFF
"""Status mask: every fault."""
_NO_ANSWER = (ConfigError, InvalidResponseException, TimeoutException, UnexpectedResponseException)

T = TypeVar("T")

logging.getLogger("UdsClient").setLevel(logging.CRITICAL)  # all that it logs as an error it raises as well


class UdsClient:
    """One unit.

    :param diagnosis: addresses, data identifiers and security, as the vehicle file has them
    """

    def __init__(self, can: CanDriver, diagnosis: Diagnosis) -> None:
        self._diagnosis = diagnosis
        self._connection = IsoTpConnection(can, request=diagnosis.request, response=diagnosis.response)
        named = {VIN: diagnosis.identifier(VIN), **diagnosis.identifiers}
        self._client = Client(self._connection)
        self._client.set_configs(
            {
                "data_identifiers": {identifier.id: _Codec() for identifier in named.values() if identifier},
                "security_algo": self._key,
                "request_timeout": _ANSWER,
                "p2_timeout": _ANSWER,
                "use_server_timing": False,  # see _ANSWER
            }
        )

    def answers(self) -> bool:
        """Sign of life: whether the unit answers TesterPresent, be it with a refusal."""
        self._client.set_config("request_timeout", _LIFE)
        try:
            self._client.tester_present()
        except NegativeResponseException:
            return True
        except (*_NO_ANSWER, RigError):
            return False
        finally:
            self._client.set_config("request_timeout", _ANSWER)
        return True

    def read(self, name: str) -> str:
        """The value of a data identifier: ``VIN``, or one that the vehicle file names.

        :raises InputError: the vehicle file names no such identifier
        :raises RigError: the unit refuses, or does not answer
        """
        identifier = self._named(name)
        values = self._do(f"read {name}", lambda: self._client.read_data_by_identifier(identifier.id))
        return identifier.decoded(values.service_data.values[identifier.id])

    def write(self, name: str, value: str) -> None:
        """Write a data identifier, in the extended session and with security access if that takes one.

        :raises InputError: no such identifier, or *value* cannot be one
        :raises RigError: the unit refuses, does not answer, or reads back something else
        """
        identifier = self._named(name)
        data = identifier.encoded(value)
        self._do("enter the extended session", lambda: self._client.change_session(_EXTENDED_SESSION))
        try:
            if (security := self._diagnosis.security) is not None:
                self._do("get security access", lambda: self._client.unlock_security_access(security.level))
            self._do(f"write {name}", lambda: self._client.write_data_by_identifier(identifier.id, data))
        finally:
            self._do("leave the extended session", lambda: self._client.change_session(_DEFAULT_SESSION))
        if (found := self.read(name)) != value:
            raise RigError(f"the unit took {name} and reads back something else ({len(found)} characters)")

    def reset(self) -> None:
        """Restart the unit (hard reset), and wait until it answers again.

        :raises RigError: it refuses, or does not come back
        """
        self._do("reset", lambda: self._client.ecu_reset(_HARD_RESET))
        end = time.monotonic() + _BACK
        while not self.answers():
            if time.monotonic() > end:
                raise RigError(f"the unit does not answer within {_BACK:g} s after its reset")
            time.sleep(_POLL)

    def faults(self) -> tuple[Fault, ...]:
        """What the fault memory holds. :raises RigError: the unit refuses, or does not answer"""
        found = self._do("read the fault memory", lambda: self._client.get_dtc_by_status_mask(_ALL))
        return tuple(
            Fault(code=fault_name(dtc.id), confirmed=bool(dtc.status.confirmed)) for dtc in found.service_data.dtcs
        )

    def clear_faults(self) -> None:
        """Empty the fault memory. :raises RigError: the unit refuses, or does not answer"""
        self._do("clear the fault memory", self._client.clear_dtc)

    def close(self) -> None:
        """Forget what is under way; the bus stays."""
        self._connection.close()

    def _key(self, level: int, seed: bytes, params: Any) -> bytes:
        del level, params
        if self._diagnosis.security is None:
            raise RigError("the vehicle file says nothing of security access")
        return self._diagnosis.security.key(seed)

    def _named(self, name: str) -> Identifier:
        identifier = self._diagnosis.identifier(name)
        if identifier is None:
            known = near_miss(name, [VIN, *self._diagnosis.identifiers])
            raise InputError(f"the vehicle file names no data identifier `{name}`{known}")
        return identifier

    def _do(self, what: str, action: Callable[[], T | None]) -> T:
        try:
            answer = action()
        except NegativeResponseException as refusal:
            raise RigError(f"the unit refused to {what} over diagnosis: {refusal.response.code_name}") from None
        except _NO_ANSWER as error:
            raise RigError(f"the unit did not {what} over diagnosis: {' '.join(str(error).split())}") from None
        if answer is None:  # udsoncan's way to say that no response had been asked for
            raise RigError(f"the unit was not asked for an answer when it was to {what}")
        return answer


class _Codec(udsoncan.DidCodec):
    """Bytes as they are; `rigs.diagnosis.Identifier` says what they mean."""

    def encode(self, *did_value: Any) -> bytes:
        return bytes(did_value[0])

    def decode(self, did_payload: bytes) -> bytes:
        return did_payload

    def __len__(self) -> int:
        raise self.ReadAllRemainingData
