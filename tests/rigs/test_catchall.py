"""The cloud that answers everything, asked by real clients over loopback."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time

import paho.mqtt.client as paho
import pytest
import wsproto
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from wsproto import events

from rigs.sim import ntp
from rigs.sim.catchall import CatchAllCloud
from rigs.sim.catchall.http2 import PREFACE
from rigs.sim.catchall.mqtt import Mqtt
from rigs.sim.catchall.sniffing import engine_for
from rigs.sim.certificates import CloudAuthority
from rigs.sim.unit import gbt32960
from rigs.sim.unit.dialler import Dialler
from rigs.sim.unit.http3 import Http3
from rigs.sim.unit.tls import TlsSettings
from telltale.control import PeerGoneError
from telltale.errors import RigError
from telltale.processes import spawn_here

ANSWER = '{"code":0,"message":"ok","data":{}}'


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return CloudAuthority.create(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def cloud(authority):
    with CatchAllCloud.start(spawn=spawn_here, authority=authority) as running:
        yield running


def curl(cloud, authority, *arguments, scheme="https", name="ux.example"):
    if shutil.which("curl") is None:
        pytest.skip("needs curl on this machine")
    url = f"{scheme}://{name}:{cloud.tcp_port}/v1/records"
    command = ["curl", "-sS", "--noproxy", "*", "--max-time", "30", "--cacert", authority.certificate]
    command += ["--connect-to", f"{name}:{cloud.tcp_port}:127.0.0.1:{cloud.tcp_port}", *arguments, url]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def connect(cloud, family=socket.AF_INET):
    sock = socket.socket(family)
    sock.settimeout(10)
    sock.connect(("::1" if family == socket.AF_INET6 else "127.0.0.1", cloud.tcp_port))
    return sock


def receive(sock, size):
    got = b""
    while len(got) < size and (more := sock.recv(size - len(got))):
        got += more
    return got


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_http_is_answered_whatever_version_and_encryption(cloud, authority, version, scheme):
    """HTTP/1.1 and 2, in the clear (by upgrade from HTTP/1, which is declined) and under TLS for any name."""
    body = curl(cloud, authority, version, "--data", "vin=LSVAA4182E2184847", scheme=scheme)
    assert body == ANSWER


def test_http2_without_tls_is_answered_by_prior_knowledge(cloud, authority):
    """A client that knows begins HTTP/2 at once."""
    got = curl(cloud, authority, "--http2-prior-knowledge", "-w", " %{http_version}", scheme="http")
    assert got == ANSWER + " 2"


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PROPFIND"])
def test_every_method_is_answered(cloud, authority, version, method):
    """200, whatever was asked."""
    assert curl(cloud, authority, version, "-X", method) == ANSWER


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_head_has_no_body(cloud, authority, version):
    """HEAD gets the head alone."""
    head = curl(cloud, authority, version, "--head")
    assert " 200" in head.splitlines()[0]
    assert ANSWER not in head


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("header", ["Expect: 100-continue", "Transfer-Encoding: chunked"])
def test_large_uploads_arrive(cloud, authority, tmp_path, version, header):
    """5 MB, waited for with 100 Continue or sent in chunks of unknown total length."""
    (tmp_path / "body").write_bytes(bytes(5_000_000))
    assert curl(cloud, authority, version, "-H", header, "-T", str(tmp_path / "body")) == ANSWER


def test_a_name_in_sni_gets_its_certificate_and_an_address_its_own(cloud, authority):
    """With SNI the certificate is for the name, without it for the address that was meant."""
    context = ssl.create_default_context(cafile=str(authority.certificate))
    for name in ("anything.at.all.example", "127.0.0.1"):
        with connect(cloud) as sock, context.wrap_socket(sock, server_hostname=name) as tls:
            assert tls.getpeercert()["subjectAltName"][0][1] == name


def test_requests_sent_ahead_are_answered_in_turn(cloud):
    """HTTP/1.1 pipelining over IPv6: three requests in one segment, three answers."""
    request = b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\nhi"
    with connect(cloud, socket.AF_INET6) as sock:
        sock.sendall(request * 2 + request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        got = b"".join(iter(lambda: sock.recv(65536), b""))
    assert got.count(ANSWER.encode()) == 3


def test_a_malformed_request_is_refused(cloud):
    """400, and the connection ends."""
    with connect(cloud) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n")
        assert b"".join(iter(lambda: sock.recv(65536), b"")).startswith(b"HTTP/1.1 400")


def test_websocket_messages_come_back(cloud, authority):
    """wss with a subprotocol: a message, a ping, and the close."""
    context = ssl.create_default_context(cafile=str(authority.certificate))
    with connect(cloud) as sock, context.wrap_socket(sock, server_hostname="push.example") as tls:
        client = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        seen = []
        tls.sendall(client.send(events.Request(host="push.example", target="/ws", subprotocols=["v2.car"])))
        messages = [
            events.TextMessage(data="LSVAA4182E2184847"),
            events.Ping(payload=b"!"),
            events.CloseConnection(1000),
        ]
        for count, message in enumerate([None, *messages], start=1):
            if message is not None:
                tls.sendall(client.send(message))
            while len(seen) < count:
                client.receive_data(tls.recv(65536))
                seen += client.events()
    accepted, message, pong, closed = seen[:4]
    assert accepted.subprotocol == "v2.car"
    assert message.data == "LSVAA4182E2184847"
    assert isinstance(pong, events.Pong)
    assert closed.code == 1000


@pytest.mark.parametrize(
    "version", [MQTTProtocolVersion.MQTTv31, MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5]
)
@pytest.mark.parametrize("tls", [False, True])
def test_mqtt_is_acknowledged(cloud, authority, version, tls):
    """A real client connects, subscribes, publishes with each quality of service, and disconnects in peace."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="tbox", protocol=version)
    if tls:
        client.tls_set(ca_certs=str(authority.certificate))
    happened = []
    client.on_connect = lambda *event: happened.append(("connect", event[3].value))
    client.on_subscribe = lambda *event: happened.append(("subscribe", [code.value for code in event[3]]))
    client.on_unsubscribe = lambda *_: happened.append(("unsubscribe",))
    client.on_publish = lambda *event: happened.append(("publish", event[2]))
    client.on_disconnect = lambda *event: happened.append(("disconnect", event[3].value))

    def turn_until(name, times=1):
        for _ in range(2000):
            if sum(what[0] == name for what in happened) >= times:
                return
            client.loop(0.01)
        pytest.fail(f"no {name} in {happened}")

    client.connect("127.0.0.1", cloud.tcp_port)
    turn_until("connect")
    client.subscribe([("cmd/#", 2), ("ota", 0)])
    turn_until("subscribe")
    for quality in (0, 1, 2):
        client.publish("car/up", b"LSVAA4182E2184847" * 1000, qos=quality)
    turn_until("publish", 3)
    client.unsubscribe(["cmd/#", "ota"])
    turn_until("unsubscribe")
    client.disconnect()
    turn_until("disconnect")
    assert happened[0] == ("connect", 0)
    assert ("subscribe", [2, 0]) in happened
    assert happened[-1] == ("disconnect", 0)


def test_mqtt_5_names_a_client_that_has_no_name():
    """MQTT 5, section 3.2.2.3.7: an empty client id is answered with the assigned one."""
    answer = Mqtt().receive(bytes.fromhex("10 0d 0004 4d515454 05 02 003c 00 0000"))
    assert answer[:6] == bytes([0x20, 38, 0, 0, 35, 0x12])
    assert len(answer) == 40


@pytest.mark.parametrize(
    "packets",
    ["c000", "100c 0004 4d515454 04 02 003c 0000 100c 0004 4d515454 04 02 003c 0000", "10ffffffff7f", "10 02 0004"],
    ids=["not connected", "connected twice", "length too long", "cut off inside"],
)
def test_mqtt_hangs_up_on_who_breaks_the_standard(packets):
    """Section 4.8: a protocol error closes the connection."""
    engine = Mqtt()
    engine.receive(bytes.fromhex(packets))
    assert engine.finished


@pytest.mark.parametrize("tls", [False, True])
def test_anything_else_is_read_and_not_answered(cloud, authority, tls):
    """A JT/T 808 frame stays unanswered, and open until the car closes; also inside TLS."""
    before = cloud.served().get("raw", 0)
    context = ssl.create_default_context(cafile=str(authority.certificate))
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(connect(cloud))
        if tls:
            sock = stack.enter_context(context.wrap_socket(sock, server_hostname="tsp.example"))
        sock.sendall(b"\x7e\x01\x00\x00\x11LSVAA4182E2184847\x7e")
        sock.sendall(bytes(1_000_000))
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        assert cloud.served().get("raw", 0) == before
    wait_until(lambda: cloud.served().get("raw", 0) == before + 1)


def test_datagrams_are_swallowed(cloud):
    """They are counted and nothing comes back."""
    before = cloud.served().get("datagrams", 0)
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"LSVAA4182E2184847", (address, cloud.udp_port))
    wait_until(lambda: cloud.served().get("datagrams", 0) == before + 2)


def asked(cloud, datagram):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.sendto(datagram, ("127.0.0.1", cloud.udp_port))
        return sock.recv(2048)


def test_ntp_tells_the_time(cloud):
    """The answer is a server's, echoes the question, and says what time it is (RFC 5905)."""
    question = ntp.request(time.time_ns())
    told = ntp.time_in(asked(cloud, question), question)
    assert abs(told - time.time_ns()) < 10_000_000_000
    with pytest.raises(ntp.NtpError, match="none to this question"):
        ntp.time_in(asked(cloud, question), ntp.request(0))


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("40010001", "60450001c132ff"),
        ("42020002abcd", "62440002abcdc132ff"),
        ("50020003", "50440003c132ff"),
        ("40020004d10e0a", "605f0004d10e0a"),
        ("40000005", "70000005"),
    ],
    ids=["get", "post with a token", "non-confirmable", "a block before the last", "ping"],
)
def test_coap_is_acknowledged(cloud, message, answer):
    """Requests succeed, blocks are asked for on and on, and a ping is answered by a reset (RFC 7252, RFC 7959)."""
    assert asked(cloud, bytes.fromhex(message)).removesuffix(ANSWER.encode()).hex() == answer


def test_gbt32960_is_acknowledged(cloud):
    """Login and report get the platform's success, over one connection."""
    with connect(cloud) as sock:
        for command in (gbt32960.LOGIN, gbt32960.REALTIME):
            frame = gbt32960.frame(command, "LSVAA4182E2184847", gbt32960.moment(0) + b"\1")
            sock.sendall(frame)
            assert gbt32960.acknowledges(receive(sock, 31), frame)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_http3_is_answered_for_any_name(cloud, authority, address, tmp_path):
    """The certificate is that of the name asked for, which the client checks."""

    async def ask():
        trust = TlsSettings(
            {}, bench=authority.certificate, maker=None, keys={}, flash=tmp_path, on_keys=lambda *_: None
        )
        dialler = Dialler(interfaces={}, tls=trust, addresses={"any.example:udp/443": (address, cloud.udp_port)})
        http = await dialler.quic("any.example", 443, "cellular", alpn="h3", speaks=Http3)
        try:
            return [await http.request("POST", "/v1", [("host", "any.example")], bytes(size)) for size in (0, 200_000)]
        finally:
            http.close()

    before = cloud.served().get("http/3", 0)
    assert [(one.status, one.body.decode()) for one in asyncio.run(ask())] == [(200, ANSWER)] * 2
    assert cloud.served()["http/3"] == before + 2


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (PREFACE, "http/2"),
        (PREFACE[:10], None),
        (b"GET / HTTP/1.1\r\n", "http/1"),
        (b"CONNECT a:1 HTTP/1.1\r\n", "http/1"),
        (b"GET /a", None),
        (b"P", None),
        (b"\x10\x0c\x00\x04MQTT\x04", "mqtt"),
        (b"\x10\xff\x01\x00\x06MQIsdp", "mqtt"),
        (b"\x10\x0c\x00", None),
        (b"\x10\x0c\x00\x05OTHER!!!!!", "raw"),
        (b"GET /" + b"a" * 20000, "raw"),
        (b"HELO there\r\n", "raw"),
        (b"##\x01", None),
        (b"##\x01\x01", "raw"),
        (b"##\x01\xfe", "gb/t 32960"),
        (b"$$\x02\xfe", "gb/t 32960"),
        (b"\x7e\x01\x00", "raw"),
    ],
)
def test_the_first_bytes_tell_the_protocol(data, name):
    """None waits for more; what can be nothing known is raw."""
    engine = engine_for(data)
    assert (engine and engine.name) == name


def test_a_dead_cloud_is_noticed(authority):
    """Killed, it is not alive, and asking it raises."""
    with CatchAllCloud.start(spawn=spawn_here, authority=authority) as cloud:
        assert cloud.alive
        os.kill(cloud.pid, signal.SIGKILL)
        with pytest.raises(PeerGoneError, match="the catch-all cloud has ended"):
            cloud.served()
        wait_until(lambda: not cloud.alive)


def test_a_port_in_use_is_told(authority, cloud, tmp_path):
    """One line with the ports; the reason is in the log."""
    with pytest.raises(RigError, match=f"could not listen on TCP {cloud.tcp_port} and UDP 0"):
        CatchAllCloud.start(spawn=spawn_here, authority=authority, tcp_port=cloud.tcp_port, log=tmp_path / "cloud.log")
    assert "Address already in use" in (tmp_path / "cloud.log").read_text()
