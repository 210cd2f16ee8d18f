"""What is kept in places, as transmissions: files on the USB stick, and what has changed in the car's own storage.

A stick leaves the car in somebody's pocket, so a file on it has *left*. What is in the car's storage has not: it is
*kept*, and only claims about keeping look at it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from captures.decode import bluetooth
from captures.decode.bluetooth import Said
from captures.decode.btsnoop import SnoopError
from captures.decode.model import discreet
from reports.run_folder import RunFolder
from rigs.instruments import Instruments
from rigs.protocols import Found, KeptFile
from telltale.errors import RigError
from telltale.transmission import KEPT, Address, Part, Transmission

USB, BLUETOOTH = "usb", "bluetooth"
SNOOP = "btsnoop_hci.log"
"""In the run folder, without the keys that stood in it."""
RECIPIENTS = {USB: "USB stick", KEPT: "the car's storage"}
FIRST = 1_000_000
"""Index of the first of them; below are those of the capture, which still grows."""
_NOWHERE = Address(ip="0.0.0.0", port=0)  # noqa: S104 - no address is bound, there is none


class Held(NamedTuple):
    """A file and where it is, or something that was said over Bluetooth."""

    channel: str
    what: KeptFile | Said


def look_into(instruments: Instruments, folder: RunFolder) -> tuple[tuple[Held, ...], tuple[str, ...]]:
    """Everything that lies now in the places that this rig can look into, and what of it could not be seen."""
    held: list[Held] = []
    causes: list[str] = []
    for channel, look in (
        (USB, instruments.stick.read if instruments.stick else None),
        (KEPT, instruments.storage.changed if instruments.storage else None),
    ):
        try:
            found = look() if look else Found(files=())
        except RigError as error:
            causes.append(f"{RECIPIENTS[channel]} could not be read: {error}")
            continue
        held += [Held(channel, file) for file in found.files]
        causes += found.causes
    if instruments.snoop is not None:
        try:
            log = instruments.snoop.read()
            heard = bluetooth.decode(log)
            folder.file(SNOOP).write_bytes(bluetooth.scrubbed(log))
        except (RigError, SnoopError) as error:
            causes.append(f"the unit's Bluetooth log could not be read: {error}")
        else:
            held += [Held(BLUETOOTH, said) for said in heard.said]
            causes += [f"in the unit's Bluetooth log {problem}" for problem in heard.problems]
    return tuple(held), tuple(causes)


class Shelf:
    """Gives each state of each file a number that it keeps for the whole trial."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[object, ...], int] = {}

    def transmissions(self, held: Sequence[Held], now: int) -> tuple[Transmission, ...]:
        """The files as transmissions.

        :param now: bench time at which they were read, ns
        """
        read = time.time_ns()
        return tuple(
            self._of_file(channel, what, now, read) if isinstance(what, KeptFile) else self._of_said(what, now, read)
            for channel, what in held
        )

    def _of_file(self, channel: str, file: KeptFile, now: int, read: int) -> Transmission:
        key = (channel, file.path, file.written, hash(file.data), file.torn)
        index = self._number(key)
        torn = f" ({file.torn})" if file.torn else ""
        # The latest moment that its time leaves open: what was written after a step belongs to that step
        written = now if file.written is None else file.written[1]
        return Transmission(
            index=index,
            channel=channel,
            uplink=channel,
            sent=read,
            ended=read,
            bench=written,
            source=_NOWHERE,
            destination=_NOWHERE,
            host=RECIPIENTS[channel],
            summary=f"file {discreet(file.path)}{torn}",
            kind="file",
            path=file.path,
            parts=(Part(name="path", data=file.path.encode()), Part(name="body", data=file.data)),
            complete=file.torn is None,
        )

    def _of_said(self, said: Said, now: int, read: int) -> Transmission:
        where = f"{said.kind} {said.path}".strip()
        return Transmission(
            index=self._number((BLUETOOTH, said.peer, where, said.first)),
            channel=BLUETOOTH,
            uplink=BLUETOOTH,
            sent=read,
            ended=read,
            bench=min(said.first, now),
            source=_NOWHERE,
            destination=_NOWHERE,
            host=said.peer,
            summary=where,
            kind=said.kind,
            path=said.path,
            parts=(Part(name="payload", data=bytes(said.data)),),
            complete=said.whole,
        )

    def _number(self, key: tuple[object, ...]) -> int:
        return self._numbers.setdefault(key, FIRST + len(self._numbers))
