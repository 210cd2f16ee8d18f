"""The car on the road: drives, routes, and the satellites that its receiver sees on the way."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from rigs.route import Fix, Point, Route, beside
from telltale.errors import InputError
from telltale.identity import Identity, Position
from telltale.times import format_duration
from trials.session import Session

POSITION = "position"
"""The item that each fix of a drive is."""
_KMH = 3.6
"""Kilometres an hour in a metre a second."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A stretch of a drive without satellites."""

    after: int
    """From the start of the drive, ns."""
    duration: int


class Road:
    """Drives the car of one trial.

    :param wait: lets bench time pass, ns
    :param act: does something to the car, once what was due before has happened
    :param learn: makes identities of the run what the car is told on the way
    """

    def __init__(
        self,
        session: Session,
        *,
        wait: Callable[[int], None],
        act: Callable[[Callable[[], None]], None],
        learn: Callable[[Collection[Identity]], None],
    ) -> None:
        self._session = session
        self._wait, self._act, self._learn = wait, act, learn
        self.drives: list[tuple[int, int]] = []
        """Bench spans during which the car was driven."""

    def drive(self, duration: int) -> None:
        """Drive for *duration* ns, wherever that is, and park."""
        self._set_off()
        start = self._session.now()
        self._wait(duration)
        self._arrive(start)

    def drive_between(self, start: str, goal: str, duration: int, loss: Loss | None = None) -> None:
        """Drive from one place of the vehicle file to another in *duration* ns, on the great circle, and park.

        :raises InputError: the vehicle file has no such place, or the run no position of it
        """
        self._follow((start, goal), duration, loss, f"{start} to {goal}")

    def drive_along(self, route: str, duration: int, loss: Loss | None = None) -> None:
        """Drive along a route of the vehicle file in *duration* ns, and park; raises as `drive_between` does."""
        self._follow(self._session.vehicle.route(route), duration, loss, route)

    def lose_satellites(self) -> None:
        """The receiver has no fix from now on."""
        self._act(self._session.stimulator.lose_satellites)

    def find_satellites(self) -> None:
        """The receiver sees satellites again."""
        self._act(self._session.stimulator.find_satellites)

    def _follow(self, points: Collection[str | Point], duration: int, loss: Loss | None, name: str) -> None:
        vehicle, stimulator = self._session.vehicle, self._session.stimulator
        if loss is not None and loss.after + loss.duration > duration:
            raise InputError(
                f"the satellites are lost for {format_duration(loss.duration)} after {format_duration(loss.after)}, "
                f"and the drive is over after {format_duration(duration)}"
            )
        try:
            route = Route([self._position(point) for point in points])
        except ValueError as error:
            raise InputError(f"`{name}`: {error}") from None
        self._session.instruments.needed_gnss()
        edges = {loss.after, loss.after + loss.duration} if loss else set()
        moments = sorted({*route.moments(duration), *edges})
        fixes = {moment: route.fix(moment, duration) for moment in moments}
        self._learn([Identity(item=POSITION, value=fix.position) for fix in fixes.values()])
        self._act(lambda: stimulator.move(fixes[0]))
        self._set_off()
        start = self._session.now()
        self._act(lambda: stimulator.note({"route": name, **vehicle.under_way}))
        self._tell_speed(fixes[0])
        for moment in moments:
            if (ahead := start + moment - self._session.now()) > 0:
                self._wait(ahead)
            if loss and moment == loss.after:
                self.lose_satellites()
            stimulator.move(fixes[moment])
            if loss and moment == loss.after + loss.duration:
                self.find_satellites()
        last = list(points)[-1]
        there = vehicle.place(last).facts if isinstance(last, str) else {}
        stimulator.note({"route": "none", **there})
        self._arrive(start)

    def _position(self, point: str | Point) -> Position:
        at = self._session.vehicle.place(point).at if isinstance(point, str) else point
        if isinstance(at, Point):
            return at.lat, at.lon
        return beside(self._session.stimulator.position_of(at))

    def _tell_speed(self, fix: Fix) -> None:
        """The bus and the satellites agree on how fast the car is."""
        if (told := self._session.vehicle.speedometer) is not None:
            message, signal = told
            self._act(lambda: self._session.stimulator.send({message: {signal: round(fix.speed * _KMH, 1)}}))

    def _set_off(self) -> None:
        self._act(lambda: self._session.stimulator.do("it drives off"))

    def _arrive(self, start: int) -> None:
        self.drives.append((start, self._session.now()))
        self._act(lambda: self._session.stimulator.do("it is parked"))
