"""A bench whose drivers are the real ones and whose unit is made of the simulated peers alone."""

import asyncio
import socket
import struct
import threading
from pathlib import Path

import pytest

from rigs.addresses import AdbAddress, CanAddress, Ceiling, PowerAddress, SerialAddress
from rigs.drivers.messages import load_dbc
from rigs.rigfile import Addresses
from rigs.sim.peers import Adbd, AtModem, GnssReceiver
from rigs.sim.peers.host import PeerHost

DBC = Path(__file__).parents[3] / "rigs/dbc/body.dbc"
FRAME = struct.Struct("<IB3x8s")


class PlayedUnit:
    """What a unit's process does with its peers, in a thread, and all that it was told."""

    def __init__(self, host, addresses):
        self.addresses = addresses
        self.told = []
        self.settings = {}
        self.registered = True
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.adbd = Adbd(
            properties={"ro.product.model": "unit", "ro.product.name": "unit", "ro.product.device": "unit"},
            settings=self.settings,
            on_setting=lambda *setting: self.told.append(setting),
            on_start=self.told.append,
            on_reboot=lambda: self.told.append("reboot"),
        )
        self.modem = AtModem(
            imei="001017869757958",
            iccid="89869936799499167276",
            imsi="001018959591294",
            registered=lambda: self.registered,
        )
        self.gnss = GnssReceiver(
            lambda latitude, longitude: self.told.append((latitude, longitude)), lambda: self.told.append("lost")
        )
        self.thread.start()
        self.in_loop(lambda: setattr(self, "serving", self.loop.create_task(self.adbd.serve(host.adb.socket.dup()))))
        self.in_loop(lambda: self.modem.attach(host.modem.unit_end, self.loop))
        self.in_loop(lambda: self.gnss.attach(host.gnss.unit_end, self.loop))

    def in_loop(self, action):
        async def run():
            action()

        asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    def close(self):
        async def end():
            self.serving.cancel()
            await asyncio.wait([self.serving])

        asyncio.run_coroutine_threadsafe(end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


@pytest.fixture
def outputs():
    """What the supply did to the unit, in order."""
    return []


@pytest.fixture
def host(outputs):
    peers = PeerHost(outputs.append).start()
    yield peers
    peers.close()


@pytest.fixture
def unit(host, addresses):
    played = PlayedUnit(host, addresses)
    yield played
    played.close()


@pytest.fixture
def unit_can(host):
    """The unit's end of the bus, as a raw SocketCAN socket."""
    with host.plug_can() as sock:
        sock.settimeout(10)
        yield sock


@pytest.fixture(scope="session")
def dbc():
    return DBC


@pytest.fixture(scope="session")
def database(dbc):
    return load_dbc(dbc)


@pytest.fixture
def addresses(host):
    can_host, can_port = host.can.address
    return Addresses(
        can=CanAddress(interface="socketcand", channel="can0", options={"host": can_host, "port": can_port}),
        modem=SerialAddress(port=host.modem.path),
        gnss=SerialAddress(port=host.gnss.path),
        adb=AdbAddress(tcp=host.adb.address),
        power=PowerAddress(visa=host.supply.address, ceiling=Ceiling(voltage=14.4, current=3)),
    )


@pytest.fixture
def receive(unit_can, database):
    """The next frame that the unit gets: message name, signals and raw bytes."""

    def read():
        identifier, length, data = FRAME.unpack(unit_can.recv(72))
        message = database.get_message_by_frame_id(identifier)
        return message.name, message.decode(data[:length]), data[:length]

    return read


@pytest.fixture
def closed_port():
    """A port of loopback that nobody listens on: it is taken, but not listened to."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]
