"""The unit's process: boots from the configuration it was handed, and acts until its power is cut.

The bench hands over descriptors by name (see `telltale.processes`):

    boot            JSON, see `rigs.sim.parts.SimulatedUnit`, which writes it
    control         the bench's questions: settle, run, state
    clock, clock_log
    can             SOCK_SEQPACKET with one ``struct can_frame`` a packet (optional, as are the next)
    adb             a listening TCP socket
    modem, gnss     the masters of two ptys
    power           SOCK_SEQPACKET, see `rigs.sim.unit.power`
    radio           SOCK_SEQPACKET with one text message a packet, JSON: ``sender``, ``text``
    behind          gives sockets of the control unit behind this one, see `rigs.sim.network.vending`

What is in the USB socket is a volume in a folder that the configuration names.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

from rigs.protocols import LineState
from rigs.sim.clock import SharedClock
from rigs.sim.peers.adbd import Adbd
from rigs.sim.peers.files import File
from rigs.sim.peers.gnss import GnssReceiver
from rigs.sim.peers.modem import AtModem
from rigs.sim.unit.behind import control_units
from rigs.sim.unit.deliveries import Deliveries
from rigs.sim.unit.dialler import Dialler
from rigs.sim.unit.disk import Disk
from rigs.sim.unit.engine import Engine
from rigs.sim.unit.flash import Flash
from rigs.sim.unit.inputs import Signals, value_of
from rigs.sim.unit.link import Link
from rigs.sim.unit.nm import NetworkManagement
from rigs.sim.unit.power import Power
from rigs.sim.unit.recordings import Recordings
from rigs.sim.unit.snoop import SnoopLog
from rigs.sim.unit.tls import TlsSettings
from rigs.sim.unit.transports import Transports
from rigs.sim.unit.usbport import UsbPort
from rigs.sim.unit.workshop import Workshop
from telltale import control
from telltale.processes import inherited
from telltale.timeline import Fact

_FIX_SECONDS = 5.0


Settings = dict[str, dict[str, Any]]
"""Android setting (or ``command/FACT``) to the facts that it sets, by name, as the unit file has them."""


class Unit:
    """The parts of one unit, connected."""

    def __init__(self, boot: dict[str, Any]) -> None:
        self.boot = boot
        self.clock = SharedClock.inherited(boot["role"])
        factory = boot["unit"]
        software = Flash(Path(boot["flash"]), set()).software or factory["software"]
        self.versions = factory["versions"]
        self.data = self.versions.get(software, factory)
        kept = {name for name, queue in self.data["queues"].items() if queue["kept"]}
        self.flash = Flash(Path(boot["flash"]), kept)
        self.adbd: Adbd | None = None
        self.tls = TlsSettings(
            self.data["tls"],
            bench=Path(boot["authorities"]) if boot["authorities"] else None,
            maker=Path(boot["maker authorities"]) if boot["maker authorities"] else None,
            keys=boot["client keys"],
            flash=Path(boot["flash"]) / "key-logs",
            on_keys=self._show_keys,
        )
        addresses = {name: (host, port) for name, (host, port) in boot["addresses"].items()}
        proxies = {uplink: (host, port) for uplink, (host, port) in boot["proxies"].items()}
        self.dialler = Dialler(
            interfaces=boot["interfaces"],
            tls=self.tls,
            addresses=addresses,
            proxies=proxies,
            behind=control_units(boot),
            homes={ecu: next(iter(ways.values()))[0] for ecu, ways in boot["behind"].items()} if proxies else {},
        )
        self.usb = UsbPort(Path(boot["usb"]) if boot["usb"] else None)
        self.disk = Disk(Path(boot["flash"]) / "storage")
        self.deliveries = deliveries = Deliveries(Transports(self.dialler))
        self.engine = Engine(
            self.data,
            clock=self.clock,
            flash=self.flash,
            delivers=deliveries,
            identities=boot["identities"],
            footage={item: Path(path).read_bytes() for item, path in boot["footage"].items()},
        )
        self.recordings = Recordings(
            usb=self.usb,
            storage=self.disk,
            agenda=self.engine.agenda,
            clock=self.clock,
            ledger=Path(boot["flash"]) / "recordings.json",
            failed=self.engine.failed,
        )
        deliveries.recordings = self.recordings
        snoop = SnoopLog(self.disk, self.clock.now())
        deliveries.bluetooth = lambda message: snoop.send(message, self.clock.now())
        self.signals = Signals(Path(boot["dbc"]), self.data["state"]) if boot["dbc"] else None
        self.link: Link | None = None
        if link := self.data["command link"]:
            uplink = link["uplink"] or self.data["uplink"]
            self.link = Link(
                link["mqtt"],
                link["topic"],
                uplink,
                client=self.data["unit"],
                engine=self.engine,
                dialler=self.dialler,
                clock=self.clock,
            )
        self.can: socket.socket | None = None
        self.network: NetworkManagement | None = None
        self.modem: AtModem | None = None
        self.radio: socket.socket | None = None
        self.power: Power | None = None
        self.workshop = (
            Workshop(self.data, self.engine, send=self._send_can, on_reset=self._reboot)
            if self.data["diagnosis"]
            else None
        )
        self.fixed = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Boot, and act until the bench hangs up."""
        loop = asyncio.get_running_loop()
        settings: Settings = {}
        for name, fact in self.data["state"].items():
            if where := fact.get("setting") or ((fact["command"] or fact["app"]) and f"command/{name}"):
                settings.setdefault(where, {})[name] = fact
        for setting, value in self.flash.settings.items():
            kept = {name: fact for name, fact in settings.get(setting, {}).items() if fact["kept"]}
            self.engine.facts |= {name: value_of(value, fact["values"]) for name, fact in kept.items()}
        self.usb.look()
        self.engine.facts |= self.engine.whereabouts.facts() | self._socket_facts()
        self._attach_peers(loop, settings)
        self.engine.facts |= self._facts_of_lines(self.boot["lines"])
        self.engine.power_up()
        self._start(self.engine.work())
        if self.link:
            self.engine.settles.append(self.link.settle)
            self._start(self.link.keep())
            if self.data["life"] and self.data["life"]["command link"] == "down":
                self.engine.turns.append(self._turn_link)
        line = socket.socket(fileno=inherited("control"))
        handlers: dict[str, control.Handler] = {"settle": self.settle, "run": self.advance, "state": self.state}
        handlers["lines"] = self.lines
        handlers["usb"] = self.socket_changed
        serving = asyncio.ensure_future(control.serve(line, handlers))
        # A task of the unit that ends has failed: the unit goes down with its reason instead of playing dead
        done, _ = await asyncio.wait([serving, *self.tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def settle(self, position: list[float] | None = None) -> dict[str, Any]:
        """Return when every input has been digested and nothing is being sent.

        :param position: also wait until the GNSS receiver has told this place
        """
        if position:
            async with asyncio.timeout(_FIX_SECONDS):
                while not self.engine.whereabouts.is_at(position):
                    self.fixed.clear()
                    await self.fixed.wait()
        self._read_can()
        self._read_radio()
        if self.power:
            self.power.read()
        await self.engine.idle()
        return self._report()

    async def advance(self, until: int) -> dict[str, Any]:
        """Act up to bench time *until*, see `Engine.run`."""
        await self.engine.run(until)
        return self._report()

    def lines(self, lines: dict[str, LineState]) -> dict[str, Any]:
        """The digital lines stand so from now on."""
        self.engine.learn(self._facts_of_lines(lines))
        return {}

    def _facts_of_lines(self, lines: dict[str, LineState]) -> dict[str, Fact]:
        return {
            name: value_of(lines[fact["io"]], fact["values"])
            for name, fact in self.data["state"].items()
            if fact.get("io") in lines
        }

    def state(self) -> dict[str, Any]:
        """What the unit knows about itself, for tests and for people."""
        return {
            "facts": self.engine.facts,
            "position": self.engine.whereabouts.position,
            "queues": self.flash.waiting(),
            "writing": self.recordings.writing,
        }

    async def socket_changed(self, *, eject: bool) -> dict[str, Any]:
        """Somebody plugs the USB stick in or takes it out; with *eject*, it asked the car first."""
        if eject:
            self.recordings.finish("usb")
            self.usb.eject()
        else:
            self.usb.look()
            if not self.usb.plugged:
                self.recordings.lose("usb", "the USB stick is gone")
        self.engine.learn(self._socket_facts())
        await self.engine.idle()
        return self._report()

    def _socket_facts(self) -> dict[str, Fact]:
        stands = "plugged" if self.usb.plugged else "absent"
        return {name: value_of(stands, fact["values"]) for name, fact in self.data["state"].items() if fact.get("usb")}

    def _report(self) -> dict[str, Any]:
        failures, self.engine.failures = self.engine.failures, []
        disbelieved: dict[str, int] = {}
        if self.signals:
            disbelieved = dict(self.signals.disbelieved)
            self.signals.disbelieved.clear()
        now, dead = self.clock.now(), self.engine.dead
        if self.network and not dead:
            self.network.stands_still()
        return {"now": now, "failures": failures, "disbelieved": disbelieved, "dead": dead}

    def _start(self, coroutine: Any) -> None:
        self.tasks.append(asyncio.ensure_future(coroutine))

    def _attach_peers(self, loop: asyncio.AbstractEventLoop, settings: Settings) -> None:
        if "can" in self.boot["peers"] and self.signals:
            self.can = socket.socket(fileno=inherited("can"))
            self.can.settimeout(0)
            loop.add_reader(self.can, self._read_can)
            if self.engine.life and (network := self.data["life"]["network management"]):
                self.network = NetworkManagement(network, Path(self.boot["dbc"]), self.engine.life, self._send_can)
                self.engine.turns.append(self.network.turned)
        if "adb" in self.boot["peers"]:
            self._attach_adb(settings)
        if "modem" in self.boot["peers"]:
            names = {item: str(self.boot["identities"].get(item, "")) for item in ("imei", "iccid", "imsi")}
            self.modem = AtModem(
                **names,
                registered=lambda: self.dialler.is_up("cellular"),
                reachable=lambda: not self.engine.asleep,
                clock=self.engine.told_time,
            )
            self.modem.attach(inherited("modem"), loop)
            self.engine.turns.append(self.modem.turned)
        if "radio" in self.boot["peers"]:
            self.radio = socket.socket(fileno=inherited("radio"))
            self.radio.settimeout(0)
            loop.add_reader(self.radio, self._read_radio)
        if "power" in self.boot["peers"] and (life := self.data["life"]):
            self.power = Power(
                socket.socket(fileno=inherited("power")),
                self.engine,
                self.clock,
                battery=life["backup battery"] or 0,
            )
        if "gnss" in self.boot["peers"]:
            GnssReceiver(self._fix, self._loss).attach(inherited("gnss"), loop)

    def _attach_adb(self, settings: Settings) -> None:
        known: dict[tuple[str, str], str] = {}
        for setting in settings:
            namespace, key = setting.split("/")
            if setting in self.flash.settings:
                known[namespace, key] = self.flash.settings[setting]

        def on_setting(namespace: str, key: str, value: str) -> None:
            setting = f"{namespace}/{key}"
            facts = settings.get(setting, {})
            if any(fact["kept"] for fact in facts.values()):
                self.flash.set(setting, value)
            if facts:
                self.engine.learn({name: value_of(value, fact["values"]) for name, fact in facts.items()})

        self.adbd = Adbd(
            properties={
                "ro.product.model": self.data["unit"],
                "ro.product.manufacturer": self.data["made by"],
                "ro.build.version.incremental": self.data["software"],
            },
            settings=known,
            on_setting=on_setting,
            on_start=self.engine.app_started,
            on_reboot=self._reboot,
            on_update=self._update,
            on_reset=self._reset,
            clock=self.engine.told_time,
            storage=self.disk.files,
        )
        self.tls.tell_all()
        self.adbd.screen.notices = self.deliveries.notices
        self._start(self.adbd.serve(socket.socket(fileno=inherited("adb"))))

    def _show_keys(self, log: str, content: bytes) -> None:
        """An engineering build's key log is a file that ADB can fetch."""
        if self.adbd is not None:
            self.adbd.storage[log] = File(content)

    def _reboot(self) -> None:
        """Lose everything that is not in flash; the descriptors handed over by the bench survive."""
        os.execv(sys.executable, [sys.executable, "-m", "rigs.sim.unit"])  # noqa: S606 - itself, from a fixed list

    def _update(self, version: str) -> bool:
        """Install *version* for the next boot; whether there is such a one."""
        if version not in self.versions:
            return False
        self.flash.install(version)
        return True

    def _reset(self) -> None:
        """Back to the factory state, but for what the file keeps even then."""
        stays = {name: fact for name, fact in self.data["state"].items() if fact["kept"] == "over reset"}
        self.flash.reset(
            {fact["setting"] or f"command/{name}" for name, fact in stays.items()},
            {name for name, queue in self.data["queues"].items() if queue["kept"] == "over reset"},
        )
        self._reboot()

    def _turn_link(self) -> None:
        if self.link is None:
            return
        if self.engine.asleep:
            self.link.sleep()
        else:
            self.link.wake()

    def _read_radio(self) -> None:
        if self.radio is None:
            return
        while True:
            try:
                packet = self.radio.recv(4096)
            except BlockingIOError:
                return
            if not packet:
                asyncio.get_running_loop().remove_reader(self.radio)
                self.radio = None
                return
            message = json.loads(packet)
            self.engine.texted(message["text"])
            if self.modem:
                self.modem.received(message["sender"], message["text"], self.clock.now())

    def _read_can(self) -> None:
        if self.can is None or self.signals is None:
            return
        while True:
            try:
                frame = self.can.recv(64)
            except BlockingIOError:
                return
            if not frame:
                asyncio.get_running_loop().remove_reader(self.can)
                self.can = None
                return
            if self.workshop and self.workshop.take(frame):
                continue
            self.engine.learn(self.signals.facts(frame))
            if self.workshop and self.signals.disbelieved:
                self.workshop.doubt_the_bus()

    def _send_can(self, frame: bytes) -> None:
        if self.can is not None:
            with contextlib.suppress(BlockingIOError):  # nobody takes it: on a bus it would not be acknowledged
                self.can.send(frame)

    def _fix(self, latitude: float, longitude: float) -> None:
        self.engine.whereabouts.fixed(latitude, longitude)
        self.engine.learn(self.engine.whereabouts.facts())
        self.fixed.set()

    def _loss(self) -> None:
        self.engine.whereabouts.lost()
        self.engine.learn(self.engine.whereabouts.facts())


def main() -> None:
    """Run the unit."""
    boot = inherited("boot")
    asyncio.run(Unit(json.loads(os.pread(boot, os.fstat(boot).st_size, 0))).run())


if __name__ == "__main__":
    main()
