"""A simulated engineer: reads what the bench asks at its terminal, does it to the unit, and says so.

Nothing passes the driver by: the prompt is printed to a pseudo terminal, is read from there as a person reads it, and
the answer is typed. What the words ask for is carried out with instruments that the bench itself was not given.
"""

from __future__ import annotations

import os
import pty
import re
import select
import threading
import tty
from collections.abc import Callable, Mapping
from typing import Any

from rigs.drivers.manual import SWITCHING, Kind, Task, arguments_of, task_of
from rigs.instruments import Instruments
from rigs.protocols import Fault
from rigs.skills import Skill
from rigs.vehicle import Action, Vehicle
from telltale.errors import TelltaleError

_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_PROMPT = re.compile(r"By hand: (?P<prompt>[^\n]*)\n(?:[^\n]*\n)*[^\n]*: \Z")
"""The last question of the terminal, once it waits for the answer."""


class SimulatedEngineer:
    """Sits at `terminal` until it is closed.

    :param hands: the instruments that the bench asks a person for, and all others of the bench
    :param by_hand: names of the instruments that are asked for
    :param skills: prompt to what is done at it; they come before what the instruments can do
    :param perform: carries out actions on the unit
    """

    def __init__(
        self,
        *,
        hands: Callable[[], Instruments],
        by_hand: tuple[str, ...],
        vehicle: Vehicle,
        skills: Mapping[str, Skill],
        perform: Callable[[list[Action]], None],
    ) -> None:
        self._hands, self._by_hand, self._vehicle = hands, by_hand, vehicle
        self._skills, self._perform = skills, perform
        self._eyes, self._held = pty.openpty()  # the other end is held, or reading would fail between two questions
        tty.setraw(self._held)
        self.terminal = os.ttyname(self._held)
        """Path of the terminal."""
        self._leave, self._left = os.pipe()
        self._thread = threading.Thread(target=self._work, name="simulated engineer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Leave the terminal."""
        os.write(self._left, b"x")
        self._thread.join(timeout=10)
        for descriptor in (self._eyes, self._held, self._leave, self._left):
            os.close(descriptor)

    def _work(self) -> None:
        seen = b""
        while True:
            ready, _, _ = select.select([self._eyes, self._leave], [], [])
            if self._leave in ready:
                return
            seen += os.read(self._eyes, 4096)
            if asked := _PROMPT.search(_STYLE.sub("", seen.decode(errors="replace"))):
                seen = b""
                os.write(self._eyes, f"{self._answer(asked['prompt'])}\n".encode())

    def _answer(self, prompt: str) -> str:
        try:
            return self._do(prompt)
        except TelltaleError as error:
            return "cannot " + " ".join(str(error).split())

    def _do(self, prompt: str) -> str:
        if (skill := self._skills.get(prompt)) is not None:
            self._perform(skill.does)
            return f"cannot {skill.cannot}" if skill.cannot is not None else "done"
        if "adb" in self._by_hand and (turned := arguments_of(SWITCHING, prompt)) is not None:
            name, position = map(str, turned)
            switch = self._vehicle.switch(name)
            setting = switch.adb_setting
            value = switch.value("on" if position == "on" else "off")
            self._hands().needed_adb().put_setting(setting.namespace, setting.key, value)
            return "done"
        if (task := task_of(prompt, self._by_hand)) is not None:
            return _said(task.kind, self._carry_out(task))
        return "cannot nobody has told me how"

    def _carry_out(self, task: Task) -> Any:
        if task.call == "close":
            return None  # each instrument is left safe by its own driver
        hands = self._hands()
        moment = (hands.clock.now(),) if task.instrument == "gnss" else ()
        return getattr(getattr(hands, task.instrument), task.call)(*task.arguments, *moment)


def _said(kind: Kind, result: Any) -> str:
    """What a person says of a call's result."""
    match kind, result:
        case "deed", _:
            return "done"
        case "yes or no", _:
            return "yes" if result else "no"
        case _, tuple():
            return " ".join(fault.code for fault in result if isinstance(fault, Fault)) or "none"
        case _:
            return "-" if result is None else str(result)
