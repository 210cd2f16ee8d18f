"""Unified diagnostic services (ISO 14229-1:2020): what a message of ISO-TP or DoIP asks for or answers."""

from __future__ import annotations

from typing import NamedTuple

from telltale.transmission import Field

SERVICES = {
    0x10: "DiagnosticSessionControl", 0x11: "ECUReset", 0x14: "ClearDiagnosticInformation", 0x19: "ReadDTCInformation",
    0x22: "ReadDataByIdentifier", 0x23: "ReadMemoryByAddress", 0x24: "ReadScalingDataByIdentifier",
    0x27: "SecurityAccess", 0x28: "CommunicationControl", 0x29: "Authentication", 0x2A: "ReadDataByPeriodicIdentifier",
    0x2C: "DynamicallyDefineDataIdentifier", 0x2E: "WriteDataByIdentifier", 0x2F: "InputOutputControlByIdentifier",
    0x31: "RoutineControl", 0x34: "RequestDownload", 0x35: "RequestUpload", 0x36: "TransferData",
    0x37: "RequestTransferExit", 0x38: "RequestFileTransfer", 0x3D: "WriteMemoryByAddress", 0x3E: "TesterPresent",
    0x85: "ControlDTCSetting", 0x86: "ResponseOnEvent", 0x87: "LinkControl",
}  # fmt: skip
"""Table 2: request identifiers; a positive answer adds 0x40."""
REFUSALS = {
    0x10: "general reject", 0x11: "service not supported", 0x12: "sub-function not supported",
    0x13: "wrong length or format", 0x14: "response too long", 0x21: "busy, repeat the request",
    0x22: "conditions not correct", 0x24: "request sequence error", 0x31: "request out of range",
    0x33: "security access denied", 0x34: "authentication required", 0x35: "invalid key",
    0x36: "too many attempts", 0x37: "time delay not expired", 0x70: "upload or download not accepted",
    0x71: "transfer suspended", 0x72: "general programming failure", 0x73: "wrong block counter",
    0x78: "response pending", 0x7E: "sub-function not supported in this session",
    0x7F: "service not supported in this session",
}  # fmt: skip
"""Annex A.1: negative response codes."""
_NEGATIVE, _ANSWER = 0x7F, 0x40
_READ, _WRITE = 0x22, 0x2E
IDENTIFIERS = {0xF190: "vin", 0xF18C: "ecu_serial_number", 0xF187: "part_number", 0xF189: "software_version"}
"""Annex C.1: data identifiers whose content is one value, under the taxonomy's name where it has one."""


class Said(NamedTuple):
    """What a message says."""

    summary: str
    kind: str
    fields: tuple[Field, ...]


def read(data: bytes) -> Said | None:
    """The message in *data*; None if it is none of this standard's."""
    if not data:
        return None
    if data[0] == _NEGATIVE and len(data) >= 3 and data[1] in SERVICES:
        why = REFUSALS.get(data[2], f"code 0x{data[2]:02X}")
        return Said(f"{SERVICES[data[1]]} refused: {why}", f"{SERVICES[data[1]]} refused", ())
    answer = data[0] & ~_ANSWER if data[0] & _ANSWER else None
    if data[0] in SERVICES:
        name, service, value = SERVICES[data[0]], data[0], data[0] == _WRITE
        summary, kind = f"{name}{_which(service, data)}", name
    elif answer in SERVICES:
        name, service, value = SERVICES[answer], answer, answer == _READ
        summary, kind = f"{name} answered{_which(service, data)}", f"{name} answered"
    else:
        return None
    return Said(summary, kind, _fields(data) if value else ())


def _which(service: int, data: bytes) -> str:
    if service in (_READ, _WRITE) and len(data) >= 3:
        return f" 0x{int.from_bytes(data[1:3], 'big'):04X}"
    return ""


def _fields(data: bytes) -> tuple[Field, ...]:
    """The value of one data identifier that is text."""
    name = IDENTIFIERS.get(int.from_bytes(data[1:3], "big")) if len(data) > 3 else None
    text = data[3:].rstrip(b"\0\xff\xaa ")
    if name is None or not text or not text.isascii() or not text.decode("ascii").isprintable():
        return ()
    return (Field(name=name, value=text.decode("ascii"), part="payload", offset=3, length=len(text)),)
