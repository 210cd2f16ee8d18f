"""What a trial does to a car's sleep, its power and its software, and waits for.

Each wait has a limit that the scenario or the vehicle file states; a bench that does not see by then what was to come
about can judge nothing (`telltale.errors.RigError`, inconclusive).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rigs.instruments import MissingInstrumentError
from rigs.lifewatch import LifeWatch, no_sign_of_life, wakes
from rigs.vehicle import LifeRow
from telltale.errors import InputError, RigError, near_miss
from telltale.times import SECOND, format_duration
from trials.outcome import Inconclusive
from trials.powercut import PowerCut

if TYPE_CHECKING:
    from trials.session import Session

Cause = Literal["timer", "door", "sms", "can"]
_LOOK = 10 * SECOND
"""Bench time between two looks at what is waited for, ns."""
_LOOKS = 500
"""At most so many looks; longer waits take longer steps."""


class Life:
    """One car on its session.

    :param wait: lets bench time pass
    :param act: does something to the car, after what was due before has happened
    """

    def __init__(
        self, session: Session, *, wait: Callable[[int], None], act: Callable[[Callable[[], None]], None]
    ) -> None:
        self._session = session
        self._wait = wait
        self._act = act

    # --- sleep --------------------------------------------------------------------------------------------------

    def fall_asleep(self) -> None:
        """Let the rest of the car go to sleep, and wait until every sign that the rig has shows the unit asleep.

        :raises MissingInstrumentError: the rig has none
        :raises RigError: it does not within the time that the vehicle file states
        """
        row = self._row()
        if not self._watch.possible:
            raise MissingInstrumentError(
                "this rig has nothing to tell sleep by; `life` in the vehicle file looks at `power`, `can` or `modem`"
            )
        self._act(lambda: self._session.stimulator.perform(row.falls_asleep))
        if not self._comes(lambda: self._watch.asleep, row.falls_asleep_within):
            raise RigError(
                f"it did not fall asleep within {format_duration(row.falls_asleep_within)}: {self._watch.told}"
            )

    def sleep(self, duration: int) -> None:
        """Fall asleep, if it is not, and let *duration* ns pass; it may wake by itself meanwhile."""
        self._row()
        if not self._watch.asleep:
            self.fall_asleep()
        self._wait(duration)

    def wake(self, cause: Cause) -> None:
        """Wake it, and wait until it is seen to be awake.

        :raises Inconclusive: it is not asleep
        :raises RigError: it is not woken within the time that the vehicle file states
        """
        row = self._row()
        if not self._watch.asleep:
            raise Inconclusive("it is not asleep, so nothing can wake it")
        limit, asleep_since = row.wakes_within, self._session.now()
        if cause == "timer":
            if row.timer is None:
                raise self._lacks("`timer` under `life`")
            limit += row.timer
        elif cause not in row.woken_by:
            raise InputError(
                f"`woken by` has no `{cause}`" + near_miss(cause, row.woken_by), file=self._session.vehicle.path
            )
        else:
            self._act(lambda: self._session.stimulator.perform(row.woken_by[cause]))
        if not self._comes(lambda: bool(wakes(self._session.timeline, asleep_since, self._session.now())), limit):
            raise RigError(f"it was not woken within {format_duration(limit)} ({cause})")

    def gaps(self, start: int) -> Iterator[str]:
        """What its sleep keeps the bench from concluding about the time since *start*."""
        if cause := no_sign_of_life(self._session.timeline, start, self._session.now()):
            yield cause
        yield from self._watch.contradictions(start)

    # --- power --------------------------------------------------------------------------------------------------

    def cut_supply(self) -> None:
        """Switch the supply off, and believe nothing of it."""
        self._act(self._session.power_off)

    def cut_in_upload(self, capture: Path, limit: int) -> None:
        """Switch the supply off in the midst of what is uploaded next, as the growing *capture* shows.

        :raises RigError: nothing was within *limit* ns of bench time
        """
        with PowerCut(capture, self._session.stimulator.cut_supply) as cut:
            begun = self._comes(lambda: cut.done, limit)
        if not begun:
            raise RigError(f"nothing was uploaded within {format_duration(limit)}, so nothing was cut")
        self._watch.look()

    def power_off(self) -> None:
        """Switch the supply off, and wait until nothing is heard of the unit.

        A sleeping unit on its battery is not heard either: so the whole time that its battery is declared to last
        passes first.

        :raises RigError: it is still heard after that
        """
        row = self._session.vehicle.life
        battery, margin = (row.backup_battery, row.silent_for) if row else (0, 0)
        self._act(self._session.power_off)
        if battery:
            self._wait(battery)
        heard: list[str | None] = []

        def silent() -> bool:
            heard.append(self._session.heard())
            return heard[-1] is None

        silent()  # what was captured until now
        if not self._comes(silent, margin):
            declared = f"; its battery is declared to last {format_duration(battery)}" if battery else ""
            raise RigError(f"its supply is off, and still {heard[-1]}{declared}")
        self._watch.believed_off()

    def power_on(self) -> None:
        """Switch the supply on and wait until the unit has booted."""
        self._act(self._session.power_on)

    def power_cycle(self) -> None:
        """Off, until it is believed, and on again."""
        self.power_off()
        self.power_on()

    # --- software -----------------------------------------------------------------------------------------------

    def reboot(self, limit: int) -> None:
        """Restart its system over ADB. :raises RigError: it is not back within *limit* ns"""
        self._act(self._session.stimulator.reboot)
        self._back(limit)

    def reset(self, limit: int) -> None:
        """Take it back to its factory state, as its settings app would. :raises RigError: not back within *limit* ns"""
        self._act(self._session.stimulator.factory_reset)
        self._back(limit)

    def update(self, version: str, limit: int) -> None:
        """Install another version and restart; what is sent from then on is judged apart.

        :raises RigError: it is not back within *limit* ns, or runs another version then
        """
        row = self._session.vehicle.software
        if row is None:
            raise self._lacks("`software`")
        self._act(lambda: self._session.stimulator.shell(row.install.format(version=version)))
        self._act(self._session.stimulator.reboot)
        self._session.timeline.record(self._session.now(), "software", version, "adb")
        self._back(limit)
        found = self._session.timeline.state_at(self._session.now()).get("software")
        if found != version:
            raise RigError(f"the update did not take: it runs {found}, not {version}")

    def _back(self, limit: int) -> None:
        """Wait until its system answers, tell it how the car stands, and read what it kept."""

        def answers() -> bool:
            try:
                self._session.stimulator.shell("getprop ro.product.model")
            except RigError:
                return False
            return True

        if not self._comes(answers, limit):
            raise RigError(f"it was not back within {format_duration(limit)} after its restart")
        self._act(self._session.restarted)

    # --- pieces -------------------------------------------------------------------------------------------------

    @property
    def _watch(self) -> LifeWatch:
        return self._session.stimulator.life

    def _row(self) -> LifeRow:
        row = self._session.vehicle.life
        if row is None:
            raise self._lacks("`life`")
        return row

    def _lacks(self, what: str) -> InputError:
        return InputError(f"the vehicle file says nothing of it: it has no {what}", file=self._session.vehicle.path)

    def _comes(self, about: Callable[[], bool], limit: int) -> bool:
        """Whether it comes *about* within *limit* ns of bench time."""
        until = self._session.now() + limit
        step = max(_LOOK, limit // _LOOKS)
        while not about():
            if (left := until - self._session.now()) <= 0:
                return False
            self._wait(min(step, left))
        return True
