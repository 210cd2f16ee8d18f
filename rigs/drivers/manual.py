"""A person as a driver: what no instrument can do is asked for on the terminal, and the answer is kept.

One proxy stands for every instrument: a table says what each call of its protocol is in words, and what kind of answer
it takes. A call that is not in the table is none that a person can carry out.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Literal, NamedTuple, TextIO

from rich.console import Console
from rich.markup import escape

from rigs.instruments import MissingInstrumentError
from rigs.protocols import Asked, Fault
from rigs.vehicle import Vehicle
from telltale.errors import RigError

TERMINAL = "/dev/tty"
"""The terminal itself: standard input and output may be captured."""
Kind = Literal["deed", "yes or no", "text"]
_CHOICES: Mapping[Kind, str] = {
    "deed": "[b]done[/b], [b]cannot[/b] why, or [b]done[/b] and a note",
    "yes or no": "[b]yes[/b], [b]no[/b], or [b]cannot[/b] why",
    "text": "the answer, or [b]cannot[/b] why",
}


class CannotError(RigError):
    """The engineer says that it cannot be done: the scenario was begun and is inconclusive, in the engineer's words."""


class Engineer:
    """Asks whoever sits at the terminal.

    :param terminal: path of the terminal
    """

    def __init__(self, terminal: str = TERMINAL) -> None:
        self._terminal = terminal
        self.asked: list[Asked] = []
        """Everything so far, in order."""
        self._taken = 0

    def news(self) -> list[Asked]:
        """What has been asked since this was called last."""
        new = self.asked[self._taken :]
        self._taken += len(new)
        return new

    def ask(self, prompt: str, kind: Kind = "deed", *, told: str | None = None) -> str:
        """The answer to *prompt*: ``done``, ``yes``, ``no``, or a text.

        :param told: what to write into the report instead, where the prompt holds an identity in clear
        :raises CannotError: it cannot be done
        :raises RigError: there is no terminal, and so nobody to ask
        """
        try:
            with self._open() as (out, line):
                said = self._put(out, line, prompt, kind)
        except (OSError, EOFError) as error:
            raise RigError(
                f"this takes a person: {told or prompt}; and there is no terminal to ask at"
                + (f": {error.strerror}" if isinstance(error, OSError) and error.strerror else "")
            ) from None
        word, note = _split(said)
        answer, note = (word, note) if kind != "text" or word == "cannot" else (said, "")
        self.asked.append(Asked(wall=time.time_ns(), prompt=told or prompt, answer=answer, note=note))
        if answer == "cannot":
            raise CannotError(
                f"the engineer was asked: {told or prompt}; and could not" + (f": {note}" if note else "")
            )
        return answer

    @contextlib.contextmanager
    def _open(self) -> Iterator[tuple[TextIO, TextIO]]:
        """The terminal, to write to and to read from."""
        descriptor = os.open(self._terminal, os.O_RDWR | os.O_NOCTTY)
        with open(descriptor, "w", encoding="utf-8") as out:  # noqa: PTH123 - a descriptor
            if not out.isatty():
                raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))
            with open(os.dup(descriptor), encoding="utf-8") as line:  # noqa: PTH123 - the same
                yield out, line

    @staticmethod
    def _put(out: TextIO, line: TextIO, prompt: str, kind: Kind) -> str:
        console = Console(file=out, force_terminal=True, highlight=False)
        allowed = {"deed": ("done", "cannot"), "yes or no": ("yes", "no", "cannot"), "text": None}[kind]
        console.print()
        console.print(f"[bold yellow]By hand:[/] {escape(prompt)}", soft_wrap=True)
        while True:
            console.print(f"  {_CHOICES[kind]}: ", end="", soft_wrap=True)
            out.flush()
            if not (typed := line.readline()):
                raise EOFError
            said = " ".join(typed.split())
            if said and (allowed is None or _split(said)[0] in allowed):
                return said
            console.print("  that is none of these")


def _split(said: str) -> tuple[str, str]:
    """The word of an answer, and what was said beside it: ``cannot: no key``."""
    word, *rest = re.split(r"[\s:,]+", said, maxsplit=1)
    return word.casefold(), "".join(rest)


class Call(NamedTuple):
    """One call of a protocol, for a person."""

    words: str
    """The prompt; the call's arguments stand for ``{0}``, ``{1}`` …"""
    kind: Kind = "deed"
    result: Callable[[str], Any] = lambda _answer: None
    """What the call returns for an answer."""
    told: str | None = None
    """For the report, where the arguments are identities."""


def _is_yes(answer: str) -> bool:
    return answer == "yes"


def _faults(answer: str) -> tuple[Fault, ...]:
    codes = [] if answer.casefold() == "none" else answer.replace(",", " ").split()
    return tuple(Fault(code=code, confirmed=True) for code in codes)


_CALLS: Mapping[str, Mapping[str, Call]] = {
    "power": {
        "on": Call("Switch the unit's supply on"),
        "off": Call("Switch the unit's supply off"),
    },
    "digital": {
        "set": Call("Set the line {0} to {1}"),
        "state": Call("How does the line {0} stand, open or closed?", "text", str.casefold),
    },
    "adb": {
        "put_setting": Call("Set the unit's setting {0}/{1} to {2}"),
        "get_setting": Call("How does the unit's setting {0}/{1} stand (- if it was never set)?", "text"),
        "start": Call("Open the app {0} on the unit"),
        "reboot": Call("Restart the unit"),
    },
    "gnss": {
        "place": Call(
            "Set the GNSS simulator to {0:.6f}, {1:.6f}", told="Set the GNSS simulator to the position given"
        ),
        "lose": Call("Take the satellites from the unit: switch off what the GNSS simulator sends"),
    },
    "modem": {
        "registered": Call("Is the unit's modem registered in a network?", "yes or no", _is_yes),
    },
    "diagnosis": {
        "answers": Call("Does the unit answer the tester?", "yes or no", _is_yes),
        "read": Call("Read {0} with the tester", "text", str, told="Read {0} with the tester"),
        "write": Call("Write {0} with the tester: {1}", told="Write {0} with the tester"),
        "reset": Call("Reset the unit with the tester"),
        "faults": Call("Which fault codes does the unit hold (none, or P0A80 U0401 …)?", "text", _faults),
        "clear_faults": Call("Clear the fault memory with the tester"),
    },
}
SWITCHING = "Turn the switch `{0}` {1}, then confirm"
"""How a setting that is a switch is asked for."""
_PLACE = re.compile(r"\{(\d)(:\.\df)?\}")
_AT_THE_END: Mapping[str, str] = {
    "power": "Leave the unit's supply in its safe state",
    "digital": "Leave the digital lines in their safe state",
}


class Task(NamedTuple):
    """What a prompt asks for."""

    instrument: str
    """As rig files call it."""
    call: str
    arguments: tuple[str | float, ...]
    kind: Kind


def task_of(prompt: str, instruments: Collection[str]) -> Task | None:
    """The call that a person is asked to carry out; None if it is none of these *instruments*."""
    for instrument in instruments:
        for name, call in _CALLS[instrument].items():
            if (arguments := arguments_of(call.words, prompt)) is not None:
                return Task(instrument, name, arguments, call.kind)
        if prompt == _AT_THE_END.get(instrument):
            return Task(instrument, "close", (), "deed")
    return None


def arguments_of(words: str, prompt: str) -> tuple[str | float, ...] | None:
    """The arguments that *words* of a prompt, with ``{0}`` in their place, were filled with; None if they were not."""
    pieces, numeric, at = [], [], 0
    for place in _PLACE.finditer(words):
        pieces += [re.escape(words[at : place.start()]), "(.+?)"]
        numeric.append(place[2] is not None)
        at = place.end()
    found = re.fullmatch("".join([*pieces, re.escape(words[at:])]), prompt)
    if found is None:
        return None
    return tuple(float(text) if number else text for text, number in zip(found.groups(), numeric, strict=True))


class ManualInstrument:
    """Any instrument of `rigs.protocols`, played by the engineer.

    :param key: which one, as rig files call it
    """

    error: str | None = None
    """A person does not break down."""

    def __init__(self, key: str, engineer: Engineer, vehicle: Vehicle) -> None:
        self._key = key
        self._engineer = engineer
        self._vehicle = vehicle
        self._settings: dict[tuple[Any, ...], str | None] = {}
        """As far as the engineer has set or read them."""
        self._used = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = _CALLS[self._key].get(name)
        if call is None:
            raise MissingInstrumentError(
                f"`{self._key}` is manual in this rig, and `{name}` is nothing a person can do"
            )
        return lambda *arguments: self._carry_out(name, call, arguments)

    def close(self) -> None:
        """Have the engineer put it into its safe state, if it was used; a terminal that is gone keeps nobody."""
        if self._used and (last := _AT_THE_END.get(self._key)):
            self._engineer.ask(last)

    def _carry_out(self, name: str, call: Call, arguments: tuple[Any, ...]) -> Any:
        if name == "get_setting" and arguments in self._settings:
            return self._settings[arguments]
        prompt = self._switching(arguments) if name == "put_setting" else None
        prompt = prompt or call.words.format(*arguments)
        told = call.told and call.told.format(*arguments)
        answer = self._engineer.ask(prompt, call.kind, told=told)
        self._used = True
        if name == "put_setting":
            self._settings[arguments[:2]] = arguments[2]
        if name == "get_setting":
            self._settings[arguments] = answer if answer != "-" else None
            return self._settings[arguments]
        return call.result(answer)

    def _switching(self, arguments: tuple[Any, ...]) -> str | None:
        """What a setting is called on the unit's screen, if it is a switch."""
        for name, switch in self._vehicle.switches.items():
            setting = switch.adb_setting
            position = switch.position(arguments[2])
            if (setting.namespace, setting.key) == arguments[:2] and position:
                return SWITCHING.format(name, position)
        return None
