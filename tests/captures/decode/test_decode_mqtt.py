"""MQTT as paho-mqtt speaks it."""

from __future__ import annotations

import socket

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


class Recorder(mqtt.Client):
    """A client whose connection is a socket pair, for the bytes it would send."""

    def __init__(self, version: int) -> None:
        super().__init__(mqtt.CallbackAPIVersion.VERSION2, client_id="tbox-0017", protocol=version)
        self.far, self.near = socket.socketpair()

    def _create_socket(self) -> socket.socket:
        return self.near

    def said(self) -> bytes:
        self.far.settimeout(5)
        return self.far.recv(1 << 20)


@pytest.fixture(params=[mqtt.MQTTv31, mqtt.MQTTv311, mqtt.MQTTv5])
def spoken(request) -> list[bytes]:
    """CONNECT, SUBSCRIBE and two PUBLISH packets; the second topic by alias in version 5."""
    five = request.param == mqtt.MQTTv5
    client = Recorder(request.param)
    client.username_pw_set("owner@example.org", "hunter2")
    client.will_set("car/17/gone", b"bye")
    client.connect("mqtt.example", 1883)
    packets = [client.said()]
    client._state = mqtt._ConnectionState.MQTT_CS_CONNECTED
    client.subscribe("car/LTESTVIN000000017/#", 1)
    packets.append(client.said())
    properties = Properties(PacketTypes.PUBLISH) if five else None
    if properties:
        properties.TopicAlias = 3
        properties.UserProperty = ("vin", "LTESTVIN000000017")
    client.publish("car/17/state", b"soc=80", qos=1, properties=properties)
    packets.append(client.said())
    if five:
        packets.append(bytes([0x30, 2 + 1 + 3 + 6]) + b"\0\0" + b"\3\x23\0\3" + b"soc=79")
    else:
        client.publish("car/17/state", b"soc=79")
        packets.append(client.said())
    packets.append(b"\xe0\0")
    client.near.close()
    client.far.close()
    return packets


def test_packets_of_every_version_are_read_by_name(wire, spoken):
    """Who connects, what it asks for, what it says."""
    connection = wire.connect(server=("203.0.113.10", 1883))
    for number, packet in enumerate(spoken):
        connection.client(packet)
        if number == 0:
            connection.server(b"\x20\x02\x00\x00")
    connection.close()
    decoded = wire.decode(names={"203.0.113.10": "mqtt.example"})
    connect, subscribe, first, second, disconnect = decoded.transmissions
    said = {part.name: part.data for part in connect.parts}
    assert said["client_id"] == b"tbox-0017"
    assert (said["user_name"], said["password"]) == (b"owner@example.org", b"hunter2")
    assert (said["will_topic"], said["will_payload"]) == (b"car/17/gone", b"bye")
    assert (connect.status, connect.host, connect.channel) == (0, "mqtt.example", "mqtt")
    assert subscribe.part("topic").data == b"car/LTESTVIN000000017/#"
    assert (first.kind, first.path, first.part("payload").data) == ("publish", "car/17/state", b"soc=80")
    assert (second.path, second.part("payload").data) == ("car/17/state", b"soc=79")
    assert (disconnect.kind, disconnect.complete) == ("disconnect", True)
    if first.part("properties"):
        assert b"LTESTVIN000000017" in first.part("properties").data
    assert decoded.accounts.closed


def test_a_connect_whose_fields_run_past_its_end_is_malformed(wire, spoken):
    """Read as far as it goes; the next packet is read as well."""
    connection = wire.connect(server=("203.0.113.10", 1883))
    connection.client(spoken[0] + b"\x10\x09\x00\x07\x00\x00\x00\x10\x10\x00\x04" + b"\xe0\0")
    connection.close()
    _, broken, disconnect = wire.decode().transmissions
    assert broken.malformed == "packet shorter than its fields"
    assert disconnect.kind == "disconnect"


def test_a_publish_cut_off_by_the_end_of_the_capture_keeps_its_bytes(wire, spoken):
    """Topic and the beginning of the payload."""
    connection = wire.connect(server=("203.0.113.10", 1883))
    connection.client(spoken[0] + b"\x30\xff\x7f\x00\x03a/bVIN LTESTVIN000000017")
    sent = wire.decode().transmissions[-1]
    assert (sent.kind, sent.path, sent.complete) == ("publish", "a/b", False)
    assert sent.malformed is None
