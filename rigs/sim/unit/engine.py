"""Plays a unit file: facts switch functions, functions trigger sends, sends become messages.

Everything happens one after the other in a fixed order, so that equal runs give equal traffic: a worker takes what is
ready; the clock is stepped only when nothing is.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from secrets import token_hex
from typing import Any, Protocol

from rigs.sim.agenda import Agenda
from rigs.sim.clock import SharedClock
from rigs.sim.unit import gbt32960
from rigs.sim.unit.compose import compose
from rigs.sim.unit.flash import Flash
from rigs.sim.unit.functions import Function, Send, functions_of, orders
from rigs.sim.unit.life import Life
from rigs.sim.unit.message import Message, SendError
from rigs.sim.unit.places import coordinates
from rigs.sim.unit.templates import Value
from rigs.sim.unit.whereabouts import NAMES as POSITION
from rigs.sim.unit.whereabouts import Whereabouts
from telltale.timeline import Fact
from telltale.times import SECOND, utc

FACTORY = ".factory"
"""Ends a name that means an item's value as the factory set it, before a workshop wrote another."""
_REWRITTEN = "rewritten"
_SLICE_SECONDS = 1.0
"""Wall time after which a run answers, so that the bench can show progress and notice a unit that hangs."""


class Delivers(Protocol):
    """Whatever carries messages away."""

    async def deliver(self, message: Message) -> None:
        """:raises SendError: it did not arrive"""
        ...


class Engine:
    """One unit.

    :param unit: the checked unit file, keys in the file's words
    :param identities: item to value (text, or a position as ``{lat, lon}``)
    :param footage: media item to the bytes that the car's cameras would record
    """

    def __init__(
        self,
        unit: Mapping[str, Any],
        *,
        clock: SharedClock,
        flash: Flash,
        delivers: Delivers,
        identities: Mapping[str, Any],
        footage: Mapping[str, bytes],
    ) -> None:
        self._clock = clock
        self.flash = self._flash = flash
        self._delivers = delivers
        self._uplink: str = unit["uplink"]
        self._clock_offset: int = unit["clock"]["ahead"] - unit["clock"]["behind"]
        self._factory: dict[str, Any] = {**identities, **coordinates(identities), **footage}
        self._values: dict[str, Any] = {**self._factory, **flash.kept.get(_REWRITTEN, {}), "boot.id": token_hex(16)}
        self.whereabouts = Whereabouts(unit["state"], identities, clock.now)
        self.facts: dict[str, Fact] = {
            name: fact["default"] for name, fact in unit["state"].items() if fact.get("default") is not None
        }
        self._orders = orders(unit["state"])
        self._functions = functions_of(unit)
        self.agenda = Agenda()
        self._ready: deque[Callable[[], Awaitable[None]]] = deque()
        self._work = asyncio.Event()
        self._paused = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._delayed = 0
        """Triggered, and not yet ready."""
        self.life: Life | None = None
        if unit["life"]:
            self.life = Life(
                unit["life"],
                agenda=self.agenda,
                now=clock.now,
                busy=lambda: bool(self._delayed or self._ready),
                turned=self._turned,
            )
            self.facts |= {**self.life.facts, "power": "supply"}
        self.dead = False
        """Neither supply nor battery is left: nothing runs from here on."""
        self.turns: list[Callable[[], None]] = []
        """Called after each turn of the unit's life."""
        self.settles: list[Callable[[], Awaitable[None]]] = []
        self.failures: list[dict[str, Any]] = []
        """What went wrong since the bench asked last, in the words of `rigs.sim.parts.Failure`."""

    # What the car notices

    def power_up(self) -> None:
        """The unit has booted: conditions that hold from the start count as fulfilled now."""
        if self.life:
            self.life.learned(self.facts)
        self._evaluate()
        for function in self._functions:
            self._trigger(function, "at", "power-up")

    def learn(self, facts: Mapping[str, Fact]) -> None:
        """Facts have the given values from now on; those given together change at once."""
        changed = {name: value for name, value in facts.items() if self.facts.get(name) != value}
        if changed:
            self.facts.update(changed)
            if self.life:
                self.life.learned(self.facts)
            self._evaluate()

    def texted(self, text: str) -> None:
        """A text message came in over the air."""
        if self.life:
            self.life.texted(text)
            self.publish()

    def die(self) -> None:
        """The last of its power is gone, in the midst of whatever it was to do."""
        self.dead = True
        self.pause()

    @property
    def asleep(self) -> bool:
        """Whether nothing runs but what says so."""
        return self.life is not None and self.life.state == "asleep"

    def _turned(self) -> None:
        """The unit's life took a turn: the bench gets a chance to see it before time goes on."""
        assert self.life is not None
        woken = self.life.state == "waking"
        self.facts |= self.life.facts
        self._evaluate()
        if woken:
            for function in self._functions:
                self._trigger(function, "at", "wake")
        for notice in self.turns:
            notice()
        self.pause()

    def app_started(self, component: str) -> None:
        """The driver opened an app: ``package`` or ``package/activity``; a page may set facts as well."""
        self._obey(component)
        for function in self._functions:
            for which in dict.fromkeys((component.partition("/")[0], component)):
                self._trigger(function, "on app", which)
        self.publish()

    def commanded(self, command: str) -> None:
        """The cloud handed over a command of the owner's: it may set facts, and it may trigger sends."""
        if self.life:
            self.life.commanded()
        self._obey(command)
        for function in self._functions:
            self._trigger(function, "on command", command)
        self.publish()

    def _obey(self, order: str) -> None:
        """The facts that a command, or a page of an app, sets."""
        ordered = self._orders.get(order, {})
        for fact, (_, kept) in ordered.items():
            if kept:
                self._flash.set(f"command/{fact}", order)
        self.learn({fact: value for fact, (value, _) in ordered.items()})

    # The clock

    def publish(self) -> None:
        """Tell the bench when something is due."""
        self._clock.set_due(self.agenda.due)

    async def idle(self) -> None:
        """Return when nothing is ready or being sent, and what else acts on the unit's behalf has come to rest."""
        await self._idle.wait()
        for settle in self.settles:
            await settle()
        await self._idle.wait()

    async def run(self, until: int) -> None:
        """Do what is due up to *until*, stepping the clock, until another part has something due first."""
        deadline = time.monotonic() + _SLICE_SECONDS
        self._paused = False
        await self.idle()
        while (due := self.agenda.due) <= until and self._clock.comes_first(due):
            if self._paused or self.dead or time.monotonic() > deadline:
                break
            self._clock.step(due)
            self.agenda.run(self._clock.now())
            await self.idle()
        self.publish()

    def pause(self) -> None:
        """End the run at its present moment: the bench has to look at the cloud before time goes on."""
        self._paused = True

    async def work(self) -> None:
        """Do what is ready, for ever, one thing after the other."""
        while True:
            while self._ready:
                await self._ready.popleft()()
            self.publish()
            self._idle.set()
            self._work.clear()
            await self._work.wait()

    # Functions and sends

    def _evaluate(self) -> None:
        turned = [(f, *self._stands(f)) for f in self._functions]
        for function, wanted, active in turned:  # what ends, ends before anything starts
            if function.active and not active:
                self._end(function, over=not wanted)
            function.wanted = function.wanted and wanted
        for function, wanted, active in turned:
            if active and not function.active:
                self._start(function)
            function.wanted = wanted and (function.wanted or active)
        for function in self._functions:
            self._notice_edges(function)
        self.publish()

    def _stands(self, function: Function) -> tuple[bool, bool]:
        """Whether the function's own condition holds, and whether it acts. Asleep, only what asks for that acts."""
        excluded = function.unless is not None and function.unless.unmet(self.facts) is None
        wanted = function.condition.unmet(self.facts) is None and not excluded
        return wanted, wanted and (not self.asleep or "life" in function.condition.facts)

    def _start(self, function: Function) -> None:
        function.active = True
        if not function.wanted:  # else it has only slept
            self._trigger(function, "at", "start")
        for send in function.sends.values():
            if interval := send.data.get("every"):
                first = send.data.get("first")
                self._periodic(function, send, self._clock.now() + (interval if first is None else first))

    def _end(self, function: Function, *, over: bool) -> None:
        """The function stops, because it is *over* or because the unit falls asleep."""
        if over:
            self._trigger(function, "at", "end")
        function.active = False
        for entry in function.periodic:
            entry.cancel()
        function.periodic.clear()

    def _notice_edges(self, function: Function) -> None:
        """A condition that comes true while the unit sleeps is noticed when it wakes."""
        for send in function.sends.values():
            if send.when:
                holds = function.wanted and send.when.unmet(self.facts) is None
                if holds and function.active and not send.held:
                    self._fire(function, send)
                send.held = holds and (send.held or function.active)

    def _periodic(self, function: Function, send: Send, due: int) -> None:
        def again() -> None:
            function.periodic.remove(entry)
            self._periodic(function, send, due + send.data["every"])
            self._fire(function, send)

        entry = self.agenda.at(due, again, rank=send.rank)
        function.periodic.append(entry)

    def _trigger(self, function: Function, kind: str, which: str) -> None:
        if function.active:
            for send in function.sends.values():
                if send.data.get(kind) == which:
                    self._fire(function, send)

    def _fire(self, function: Function, send: Send) -> None:
        if send.unless.unmet(self.facts) is None:
            self._later(send.data.get("after") or 0, lambda: self._perform(function, send), send.rank)

    def _later(self, delay: int, job: Callable[[], Awaitable[None]], rank: int) -> None:
        if delay:
            self._delayed += 1

            def ready() -> None:
                self._delayed -= 1
                self._enqueue(job)

            self.agenda.at(self._clock.now() + delay, ready, rank=rank)
        else:
            self._enqueue(job)

    def _enqueue(self, job: Callable[[], Awaitable[None]]) -> None:
        self._ready.append(job)
        self._idle.clear()
        self._work.set()

    async def _perform(self, function: Function, send: Send) -> None:
        if queue := send.data.get("flush"):
            await self._flush(function, send, queue)
            return
        if queue := send.data.get("drop"):
            while self._flash.first(queue):
                self._flash.drop_first(queue)
            self._follow(function, send)
            return
        try:
            message = compose(
                function.name,
                send.name,
                send.data,
                uplink=self._uplink,
                lookup=self.lookup,
                counter=self._serial,
                now=self.told_time(),
            )
        except (KeyError, ValueError) as error:
            reason = f"no value for {error}" if isinstance(error, KeyError) else str(error)
            self.failed(function.name, send.name, reason, then="not composed")
            return
        if queue := send.data.get("queue"):
            self._flash.put(queue, message)
        else:
            await self._deliver(function, send, message, attempt=1)

    async def _deliver(self, function: Function, send: Send, message: Message, *, attempt: int) -> None:
        try:
            await self._delivers.deliver(message)
        except SendError as error:
            mend = send.data.get("if it fails") or {}
            if mend.get("retry after") and attempt <= mend["times"]:
                self._later(
                    mend["retry after"],
                    lambda: self._deliver(function, send, message, attempt=attempt + 1),
                    send.rank,
                )
                then = "retried"
            elif mend.get("queue"):
                self._flash.put(mend["queue"], message)
                then = "queued"
            else:
                then = "lost"
            self.failed(function.name, send.name, str(error), then=then, uplink=message.uplink)
        else:
            self._follow(function, send)

    async def _flush(self, function: Function, send: Send, queue: str) -> None:
        sent = False
        while message := self._flash.first(queue):
            # A queue may leave over another uplink than the message was made for; an old report is a reissue
            message = replace(
                message,
                uplink=send.data.get("uplink") or message.uplink,
                command=gbt32960.REISSUE if message.command == gbt32960.REALTIME else message.command,
            )
            try:
                await self._delivers.deliver(message)
            except SendError as error:
                self.failed(function.name, send.name, str(error), then="queued", uplink=message.uplink)
                return
            self._flash.drop_first(queue)
            sent = True
        if sent:
            self._follow(function, send)

    def _follow(self, function: Function, send: Send) -> None:
        for other in function.sends.values():
            if other.data.get("follows") == send.name:
                self._fire(function, other)

    def failed(self, function: str, send: str, reason: str, *, then: str, uplink: str | None = None) -> None:
        """Note a failure for the bench."""
        self.failures.append(
            {
                "bench": self._clock.now(),
                "function": function,
                "send": send,
                "reason": reason,
                "then": then,
                "uplink": uplink,
            }
        )

    def _serial(self, kind: str) -> int:
        return self._flash.count("login") if kind == "login" else self._flash.last("login")

    def rewrite(self, item: str, value: str) -> None:
        """An item's value is *value* from now on, over power-off as well."""
        self._values[item] = value
        self._flash.keep(_REWRITTEN, {**self._flash.kept.get(_REWRITTEN, {}), item: value})

    def told_time(self) -> int:
        """What the unit's own clock says, ns."""
        return self._clock.now() + self._clock_offset

    def lookup(self, name: str) -> Value:
        """The present value of a template's name.

        :raises KeyError: the car does not know it
        """
        now = self.told_time()
        moments: dict[str, Value] = {"now": utc(now), "now.unix": now // SECOND, "now.ms": now * 1000 // SECOND}
        if name in moments:
            return moments[name]
        if name in POSITION:
            return self.whereabouts.value(name)
        if name.endswith(FACTORY):
            before: Value = self._factory[name.removesuffix(FACTORY)]
            return before
        value: Value = self.facts[name] if name in self.facts else self._values[name]
        return value
