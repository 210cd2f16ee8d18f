"""CAN messages by name: what each signal stands at, and the frame that says so. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import cantools.database
import cantools.errors
from cantools.database.can import Database

from rigs.e2e import LAST, protections
from rigs.protocols import Signals, SignalValue
from telltale.errors import InputError, near_miss

if TYPE_CHECKING:
    from cantools.database.can import Message, Signal


def load_dbc(path: Path) -> Database:
    """The CAN database at *path*.

    :raises InputError: it is missing, or is none
    """
    try:
        database = cantools.database.load_file(path)
    except FileNotFoundError:
        siblings = [other.name for other in path.parent.glob("*.dbc")] if path.parent.is_dir() else []
        raise InputError("no such CAN database" + near_miss(path.name, siblings), file=path) from None
    except (OSError, ValueError, cantools.errors.Error) as error:  # ValueError: a suffix or bytes of something else
        raise InputError(f"is no CAN database: {' '.join(str(error).split())}", file=path) from None
    if not isinstance(database, Database):
        raise InputError("is a diagnostics database, expected one of CAN messages", file=path)
    return database


class MessageSet:
    """The messages of one DBC with the present value of every signal."""

    def __init__(self, database: Database) -> None:
        self._messages: dict[str, Message] = {message.name: message for message in database.messages}
        self._values: dict[str, dict[str, SignalValue]] = {
            name: {signal.name: _start(signal) for signal in message.signals}
            for name, message in self._messages.items()
        }
        self._protections = protections(database)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages.values())

    @property
    def names(self) -> tuple[str, ...]:
        """Of all messages, in the order of the DBC."""
        return tuple(self._messages)

    def check(self, signals: Signals) -> tuple[tuple[str, ...], str] | None:
        """Place and reason of the first message, signal or value that the DBC does not know; None if all fit."""
        for message_name, values in signals.items():
            message = self._messages.get(message_name)
            if message is None:
                return (message_name,), f"the DBC has no message `{message_name}`" + near_miss(
                    message_name, self._messages
                )
            by_name = {signal.name: signal for signal in message.signals}
            for name, value in values.items():
                if name not in by_name:
                    return (message_name, name), (
                        f"the DBC's message `{message_name}` has no signal `{name}`" + near_miss(name, by_name)
                    )
                if problem := _misfit(by_name[name], value):
                    return (message_name, name), problem
        return None

    def set(self, signals: Signals) -> list[str]:
        """Take new values; the names of the messages concerned, in order.

        :raises InputError: a message, signal or value that the DBC does not know
        """
        if fault := self.check(signals):
            raise InputError(fault[1])
        for name, values in signals.items():
            self._values[name].update(values)
        return list(signals)

    def frame(self, name: str) -> tuple[Message, bytes]:
        """The next frame of a message; its counter goes up and its CRC fits, if it has them (`rigs.e2e`)."""
        message, values = self._messages[name], self._values[name]
        data = message.encode(values)
        if (protection := self._protections.get(name)) is not None:
            data = protection.protected(data)
            values[protection.counter] = (int(values[protection.counter]) + 1) % (LAST + 1)
        return message, data

    def state(self, name: str) -> Mapping[str, SignalValue]:
        """The present values of one message."""
        return dict(self._values[name])


def _start(signal: Signal) -> SignalValue:
    """The DBC's start value (GenSigStartValue), else zero or the nearest value allowed."""
    if signal.initial is not None:
        return signal.initial if isinstance(signal.initial, int | float) else str(signal.initial)
    return max(0, signal.minimum or 0) if signal.maximum is None or signal.maximum >= 0 else signal.maximum


def _misfit(signal: Signal, value: SignalValue) -> str | None:
    """What is wrong with *value* for *signal*."""
    if isinstance(value, str):
        labels = [str(label) for label in (signal.choices or {}).values()]
        if value in labels:
            return None
        kind = "no such value" if labels else "expected a number"
        return f"signal `{signal.name}` is `{value}`: {kind}" + near_miss(value, labels)
    low, high = signal.minimum, signal.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        unit = f" {signal.unit}" if signal.unit else ""
        return f"signal `{signal.name}` is `{value:g}`, expected {low:g} to {high:g}{unit}"
    return None
