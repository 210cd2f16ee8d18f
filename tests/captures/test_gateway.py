"""The gateway, with real mitmproxy and real clients over loopback: its SOCKS mode stands in for the redirect."""

import contextlib
import json
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import wsproto
from mitmproxy.net.dns import response_codes, types
from mitmproxy.test import tutils
from wsproto import events

from captures.gateway import Gateway
from rigs.sim.catchall import CatchAllCloud
from rigs.sim.certificates import CloudAuthority
from telltale.control import PeerGoneError
from telltale.errors import InputError, RigError
from telltale.processes import spawn_here

ANSWER = '{"code":0,"message":"ok","data":{}}'
VIN = "LSVAA4182E2184847"
NAMES = {"TSP.example.": ["203.0.113.20", "fd20::20"], "v4only.example": ["203.0.113.21"]}
MODES = ("socks5@127.0.0.1:0", "dns@127.0.0.2:0")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return CloudAuthority.create(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def cloud(authority):
    with CatchAllCloud.start(spawn=spawn_here, authority=authority) as running:
        yield running


def start(folder, authority, **options):
    options = {"names": NAMES, "upstream_ca": authority.certificate, "modes": MODES} | options
    return Gateway.start(spawn=spawn_here, folder=folder, **options)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, authority):
    with start(tmp_path_factory.mktemp("gateway"), authority) as running:
        yield running


def port_of(gateway, mode="socks5"):
    return next(place.port for place in gateway.listening if place.mode == mode)


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def journal(gateway, **facts):
    """The gateway's events that have these facts."""
    lines = map(json.loads, gateway.journal.read_text().splitlines())
    return [line for line in lines if facts.items() <= line.items()]


def curl(gateway, port, *arguments, scheme="https", name="127.0.0.1", check=True):
    if shutil.which("curl") is None:
        pytest.skip("needs curl on this machine")
    command = ["curl", "-sS", "--max-time", "60", "--socks5", f"127.0.0.1:{port_of(gateway)}", "--noproxy", ""]
    command += ["--cacert", gateway.ca_certificate, "--connect-to", f"{name}:{port}:127.0.0.1:{port}"]
    command += [*arguments, f"{scheme}://{name}:{port}/v1/records"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, done.stderr
    return done


def connect(gateway, port):
    """A connection through the gateway to a port of this host (SOCKS 5, RFC 1928)."""
    sock = socket.create_connection(("127.0.0.1", port_of(gateway)), timeout=20)
    sock.sendall(b"\x05\x01\x00")
    assert receive(sock, 2) == b"\x05\x00"
    sock.sendall(b"\x05\x01\x00\x01" + socket.inet_aton("127.0.0.1") + struct.pack("!H", port))
    assert receive(sock, 10)[:2] == b"\x05\x00"
    return sock


def receive(sock, size):
    got = b""
    while len(got) < size and (more := sock.recv(size - len(got))):
        got += more
    return got


def everything(sock):
    return b"".join(iter(lambda: sock.recv(1 << 16), b""))


def trusting(gateway, *alpn):
    context = ssl.create_default_context(cafile=str(gateway.ca_certificate))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


@contextlib.contextmanager
def server(behave):
    """A cloud that serves one connection by *behave(sock)*; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)

        def serve():
            with contextlib.suppress(OSError):
                peer, _ = listener.accept()
                with peer:
                    peer.settimeout(20)
                    behave(peer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def gained(gateway, before):
    """What the counts have gained, by name, once nothing is under way any more."""
    wait_until(gateway.idle)
    after = gateway.counts()
    gain = {name: getattr(after, name) - getattr(before, name) for name in before.__slots__ if name != "quiet"}
    return SimpleNamespace(**gain)


def peak_memory(gateway):
    """Bytes."""
    status = Path(f"/proc/{gateway.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def test_secrets_are_private_and_the_certificate_is_alone(gateway):
    """CA key, TLS keys and journal are for their owner only; what the unit is given holds no key."""
    folder = gateway.keylog.parent
    private = ["authority/mitmproxy-ca.pem", "authority/mitmproxy-ca.p12", "keys.log", "gateway.jsonl", "gateway.log"]
    assert {name: (folder / name).stat().st_mode & 0o077 for name in private} == dict.fromkeys(private, 0)
    assert (folder / "authority").stat().st_mode & 0o077 == 0
    assert "PRIVATE" not in gateway.ca_certificate.read_text()
    assert gateway.upstream_checked
    assert journal(gateway, event="started", upstream_certificates="checked")


@pytest.mark.parametrize("version", ["1.1", "2"])
@pytest.mark.parametrize("name", ["ux.example", "127.0.0.1"])
def test_https_is_opened(gateway, cloud, version, name):
    """HTTP/1.1 and 2, with and without SNI; the journal tells who was asked, and nothing of what was said."""
    before = gateway.counts()
    done = curl(gateway, cloud.tcp_port, f"--http{version}", "-d", VIN, "-w", " %{http_version}", name=name)
    assert done.stdout == f"{ANSWER} {version}"
    wait_until(lambda: gateway.counts().closed == before.closed + 1)
    gain = gained(gateway, before)
    assert (gain.opened, gain.closed, gain.requests, gain.answered) == (1, 1, 1, 1)
    assert (gain.body_bytes_up, gain.body_bytes_down, gain.errors) == (len(VIN), len(ANSWER), 0)
    assert journal(gateway, event="request", method="POST", host=name)
    assert VIN not in gateway.journal.read_text()
    assert "/v1/records" not in gateway.journal.read_text()


def test_the_keys_of_both_sides_are_written(gateway, cloud):
    """Two TLS 1.3 connections, to the unit and upstream, leave two sets of secrets."""
    before = gateway.keylog.read_text().count("CLIENT_TRAFFIC_SECRET_0")
    curl(gateway, cloud.tcp_port)
    assert gateway.keylog.read_text().count("CLIENT_TRAFFIC_SECRET_0") == before + 2


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_64_megabytes_go_up_with_flat_memory(gateway, cloud, tmp_path, version):
    """Every byte is handed on, and the gateway keeps next to nothing."""
    size = 64 << 20
    with (tmp_path / "body").open("wb") as body:
        body.truncate(size)
    before, memory = gateway.counts(), peak_memory(gateway)
    assert curl(gateway, cloud.tcp_port, f"--http{version}", "-T", str(tmp_path / "body")).stdout == ANSWER
    assert gained(gateway, before).body_bytes_up == size
    assert peak_memory(gateway) - memory < 16 << 20


@pytest.mark.parametrize(("scheme", "version"), [("http", "1.1"), ("https", "1.1"), ("https", "2")])
@pytest.mark.parametrize("header", ["Expect: 100-continue", "Transfer-Encoding: chunked"])
def test_uploads_in_every_manner(gateway, cloud, tmp_path, scheme, version, header):
    """Waiting for 100 Continue, and in chunks."""
    (tmp_path / "body").write_bytes(bytes(2_000_000))
    before = gateway.counts()
    done = curl(gateway, cloud.tcp_port, f"--http{version}", "-H", header, "-T", str(tmp_path / "body"), scheme=scheme)
    assert done.stdout == ANSWER
    assert gained(gateway, before).body_bytes_up == 2_000_000


def test_http2_without_tls_goes_through_raw(gateway, cloud):
    """By prior knowledge: mitmproxy does not speak it, the packets hold it in the clear."""
    before = gateway.counts()
    assert curl(gateway, cloud.tcp_port, "--http2-prior-knowledge", scheme="http").stdout == ANSWER
    assert gained(gateway, before).raw_messages_up > 0


def test_head_has_no_body_and_the_connection_lives_on(gateway, cloud):
    """HEAD, then GET on the same connection."""
    done = curl(gateway, cloud.tcp_port, "--http1.1", "--head", "--next", "-sS", "--cacert", gateway.ca_certificate)
    assert " 200" in done.stdout.splitlines()[0]


def test_requests_sent_ahead_are_answered_in_turn(gateway, cloud):
    """HTTP/1.1 keep-alive and pipelining: three requests in one segment, three answers."""
    request = b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\nhi"
    with connect(gateway, cloud.tcp_port) as sock:
        sock.sendall(request * 2 + request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert everything(sock).count(ANSWER.encode()) == 3


def test_a_request_cut_into_single_bytes_is_understood(gateway, cloud):
    """A modem that sends byte by byte gets its answer, whether it is taken for HTTP or handed through."""
    with connect(gateway, cloud.tcp_port) as sock:
        for byte in b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n":
            sock.sendall(bytes([byte]))
        assert ANSWER.encode() in everything(sock)


def test_a_client_hello_cut_into_single_bytes_is_opened(gateway, cloud):
    """TLS is waited for: taken for raw, it could not be opened any more."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trusting(gateway).wrap_bio(incoming, outgoing, server_hostname="a.example")
    with connect(gateway, cloud.tcp_port) as sock:
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                for byte in outgoing.read():
                    sock.sendall(bytes([byte]))
                incoming.write(sock.recv(1 << 16))
        assert tls.getpeercert()["issuer"][0][0][1] == "mitmproxy"


def test_interim_answers_do_not_end_an_exchange(gateway):
    """103 Early Hints and 102 Processing come before the answer; the connection serves a second request."""

    def behave(peer):
        for _ in range(2):
            assert b"\r\n\r\n" in peer.recv(1 << 16)
            peer.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + b"HTTP/1.1 102 Processing\r\n\r\n")
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")

    with server(behave) as port, connect(gateway, port) as sock:
        for _ in range(2):
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
            got = b""
            while not got.endswith(b"done"):
                got += sock.recv(1 << 16)
            assert got.startswith(b"HTTP/1.1 200")


def test_an_early_answer_reaches_the_unit_during_its_upload(gateway):
    """The cloud answers before the body is complete; the rest of the body is still handed on."""
    rest = []

    def behave(peer):
        assert b"\r\n\r\n" in peer.recv(1 << 16)
        peer.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nmuch")
        rest.append(receive(peer, 4))

    with server(behave) as port, connect(gateway, port) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\n")
        assert receive(sock, 12) == b"HTTP/1.1 413"
        wait_until(lambda: b"much" in sock.recv(1 << 16))
        sock.sendall(b"rest")
    assert rest == [b"rest"]


def test_a_cloud_that_answers_and_hangs_up_in_mid_upload_is_heard(gateway, tmp_path):
    """It refuses the body without reading it, and closes; the unit gets the refusal."""

    def behave(peer):
        peer.recv(1000)
        peer.sendall(b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 4\r\n\r\nmuch")
        peer.shutdown(socket.SHUT_WR)
        everything(peer)

    (tmp_path / "body").write_bytes(bytes(8_000_000))
    with server(behave) as port:
        done = curl(gateway, port, "-T", str(tmp_path / "body"), "-w", " %{http_code}", scheme="http", check=False)
    assert done.stdout == "much 413"


def test_an_answer_until_the_close_is_handed_on(gateway):
    """HTTP/1.0 style: no length, the end of the connection is the end of the body."""

    def behave(peer):
        peer.recv(1 << 16)
        peer.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 100_000)

    with server(behave) as port:
        assert len(curl(gateway, port, scheme="http").stdout) == 100_000


def test_websocket_messages_pass_both_ways(gateway, cloud):
    """wss: handshake opened, then handed through frame by frame; a large message is not held back."""
    before = gateway.counts()
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(connect(gateway, cloud.tcp_port))
        tls = stack.enter_context(trusting(gateway, "http/1.1").wrap_socket(sock, server_hostname="push.example"))
        client = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        tls.sendall(client.send(events.Request(host="push.example", target="/ws")))
        client.receive_data(tls.recv(1 << 16))
        assert [type(event) for event in client.events()] == [events.AcceptConnection]
        echoed = b""
        tls.sendall(client.send(events.BytesMessage(data=bytes(1_000_000))))
        while len(echoed) < 1_000_000:
            client.receive_data(tls.recv(1 << 16))
            echoed += b"".join(event.data for event in client.events())
        tls.sendall(client.send(events.CloseConnection(1000)))
        client.receive_data(tls.recv(1 << 16))
        assert [type(event) for event in client.events()] == [events.CloseConnection]
    gain = gained(gateway, before)
    assert gain.requests == gain.answered == 1
    assert gain.raw_bytes_up > 1_000_000
    assert gain.errors == 0


@pytest.mark.parametrize(
    "sent", [b"##\x01\xfe" + VIN.encode(), b"AUTH me please\r\n", b"SET /speed 80", b"\x7e\x01\x00", b"a"], ids=repr
)
def test_other_protocols_go_through_byte_by_byte(gateway, sent):
    """Binary and text, whatever it looks like; both directions, and each direction's end on its own."""
    before = gateway.counts()

    def behave(peer):
        peer.sendall(everything(peer)[::-1])

    with server(behave) as port, connect(gateway, port) as sock:
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_WR)
        assert everything(sock) == sent[::-1]
    gain = gained(gateway, before)
    assert (gain.raw_bytes_up, gain.raw_bytes_down, gain.requests) == (len(sent), len(sent), 0)


def test_a_cloud_that_speaks_first_is_heard(gateway):
    """A greeting reaches a unit that has sent nothing."""

    def behave(peer):
        peer.sendall(b"220 ready\r\n")
        peer.recv(100)

    with server(behave) as port, connect(gateway, port) as sock:
        assert receive(sock, 11) == b"220 ready\r\n"


def test_64_megabytes_of_raw_bytes_are_not_kept(gateway, cloud):
    """mitmproxy would keep every message of a raw connection; the gateway's memory stays flat."""
    before, memory = gateway.counts(), peak_memory(gateway)
    with connect(gateway, cloud.tcp_port) as sock:
        for _ in range(64):
            sock.sendall(b"\x7e" * (1 << 20))
    wait_until(lambda: gateway.counts().raw_bytes_up - before.raw_bytes_up == 64 << 20)
    assert peak_memory(gateway) - memory < 16 << 20


def test_what_is_under_way_is_told(gateway):
    """A request without its answer keeps the gateway from being idle, a silent open connection does not."""
    go = threading.Event()

    def behave(peer):
        peer.recv(1 << 16)
        go.wait(20)
        peer.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        peer.recv(1)

    with server(behave) as port, connect(gateway, port) as sock:
        wait_until(gateway.idle)
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
        wait_until(lambda: gateway.counts().under_way == 1)
        assert not gateway.idle()
        go.set()
        assert sock.recv(100).startswith(b"HTTP/1.1 204")
        wait_until(gateway.idle)
        assert gateway.counts().open > 0


def test_a_cloud_that_does_not_read_leaves_bytes_unsent(gateway):
    """What the gateway has taken and could not hand on is told; it takes no more than its buffers hold."""
    go = threading.Event()
    with server(lambda _: go.wait(20)) as port, connect(gateway, port) as sock:
        sock.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            sock.sendall(b"\x7e" * (64 << 20))
        assert 0 < gateway.counts().unsent < 1 << 20
        assert not gateway.idle()
        go.set()


def test_a_refusing_cloud_is_told(gateway):
    """A connect that fails ends the unit's connection, and is counted."""
    before = gateway.counts()
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert curl(gateway, port, check=False).returncode != 0
    assert gained(gateway, before).errors == 1
    assert journal(gateway, event="error", destination=f"127.0.0.1:{port}")


def test_a_client_that_refuses_the_certificate_is_pinned(gateway, cloud, authority):
    """It trusts another CA and says so in an alert."""
    before = gateway.counts()
    context = ssl.create_default_context(cafile=str(authority.certificate))
    with connect(gateway, cloud.tcp_port) as sock, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(sock, server_hostname="pinned.example")
    wait_until(lambda: gateway.counts().pinned == before.pinned + 1)
    assert journal(gateway, event="pinned", sni="pinned.example", sure=True, how="alert")
    [failure] = journal(gateway, event="tls failed", side="unit", sni="pinned.example")
    assert "does not trust" in failure["reason"]


def test_a_client_that_hangs_up_after_the_handshake_is_perhaps_pinned(gateway, cloud):
    """Some libraries check their pins only once TLS stands, and leave without a word."""
    before = gateway.counts()
    with connect(gateway, cloud.tcp_port) as sock:
        trusting(gateway).wrap_socket(sock, server_hostname="late.example").close()
    wait_until(lambda: gateway.counts().perhaps_pinned == before.perhaps_pinned + 1)
    assert journal(gateway, event="pinned", sni="late.example", sure=False)
    assert gained(gateway, before).pinned == 0


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1 is deprecated:DeprecationWarning")
def test_an_old_unit_is_heard(gateway, cloud):
    """TLS 1.0, which OpenSSL offers at its lowest level of security only; nothing of it is an error."""
    before = gateway.counts()
    old = trusting(gateway)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1
    with connect(gateway, cloud.tcp_port) as sock, old.wrap_socket(sock, server_hostname="old.example") as tls:
        assert tls.version() == "TLSv1"
    assert gained(gateway, before).tls_failures == 0
    assert gateway.counts().errors == before.errors


def test_a_cloud_with_a_wrong_certificate_is_not_trusted(gateway, tmp_path):
    """What another authority signed is refused upstream, and the unit gets no answer of the cloud's."""
    before = gateway.counts()
    with CatchAllCloud.start(spawn=spawn_here, authority=CloudAuthority.create(tmp_path)) as stranger:
        assert ANSWER not in curl(gateway, stranger.tcp_port, name="wrong.example", check=False).stdout
    assert gained(gateway, before).tls_failures == 1
    assert journal(gateway, event="tls failed", side="upstream", sni="wrong.example")


def ask(gateway, name, kind, *, tcp=False):
    place = next(place for place in gateway.listening if place.mode == "dns")
    query = struct.pack("!HHHHHH", 4711, 0x0100, 1, 0, 0, 0)
    query += b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    query += struct.pack("!HH", kind, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as sock:
        sock.settimeout(20)
        sock.connect((place.ip, place.port))
        sock.sendall((struct.pack("!H", len(query)) if tcp else b"") + query)
        answer = receive(sock, struct.unpack("!H", receive(sock, 2))[0]) if tcp else sock.recv(4096)
    message = type(tutils.tdnsreq()).unpack(answer)  # its class has another name in mitmproxy 11 than in 12
    assert message.id == 4711
    return response_codes.to_str(message.response_code), [str(record) for record in message.answers]


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("tsp.example", types.A, ("NOERROR", ["203.0.113.20"])),
        ("tSp.eXample", types.AAAA, ("NOERROR", ["fd20::20"])),
        ("v4only.example", types.AAAA, ("NOERROR", [])),
        ("tsp.example", types.HTTPS, ("NOERROR", [])),
        ("tsp.example", types.TXT, ("NOERROR", [])),
        ("unknown.example", types.A, ("NXDOMAIN", [])),
    ],
)
def test_dns_answers_from_the_table(gateway, name, kind, expected, tcp):
    """Addresses of known names in any spelling, nothing for other records, NXDOMAIN for unknown names."""
    assert ask(gateway, name, kind, tcp=tcp) == expected
    assert gateway.names() == {"tsp.example": ["203.0.113.20", "fd20::20"], "v4only.example": ["203.0.113.21"]}
    assert journal(gateway, event="name asked", code=expected[0], over="tcp" if tcp else "udp")


def test_new_names_get_addresses_of_their_own(tmp_path, authority):
    """With `allocate`: stable, a pair a name, told to the bench; a reverse look-up is not a new name. Then the end."""
    with start(tmp_path, authority, unknown_names="allocate", upstream_ca=None) as gateway:
        assert not gateway.upstream_checked
        assert journal(gateway, event="started", upstream_certificates="not checked")
        assert ask(gateway, "one.example", types.A) == ("NOERROR", ["198.18.0.1"])
        assert ask(gateway, "Two.example", types.AAAA) == ("NOERROR", ["2001:db8:18::2"])
        assert ask(gateway, "one.example", types.AAAA) == ("NOERROR", ["2001:db8:18::1"])
        assert ask(gateway, "1.0.18.198.in-addr.arpa", types.PTR) == ("NXDOMAIN", [])
        assert list(gateway.names()) == ["tsp.example", "v4only.example", "one.example", "two.example"]
        assert not journal(gateway, event="ended")
    assert journal(gateway, event="ended")
    assert not gateway.alive
    gateway.close()  # once more does no harm


def test_killed_in_mid_upload_it_is_dead_and_what_it_wrote_is_there(tmp_path, authority, cloud):
    """The bench sees the death and its cause; keys and events up to then are readable."""
    with start(tmp_path, authority) as gateway:
        with connect(gateway, cloud.tcp_port) as sock, contextlib.suppress(OSError):
            tls = trusting(gateway).wrap_socket(sock, server_hostname="a.example")
            with tls:
                tls.sendall(b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 99999999\r\n\r\n")
                tls.sendall(bytes(5_000_000))
                wait_until(lambda: gateway.counts().body_bytes_up > 1_000_000)
                os.kill(gateway.pid, signal.SIGKILL)
                wait_until(lambda: not gateway.alive)
        assert gateway.cause_of_death == "killed by SIGKILL"
        with pytest.raises(PeerGoneError, match="the gateway has ended"):
            gateway.counts()
        with pytest.raises(PeerGoneError):
            gateway.idle()
        assert journal(gateway, event="request", host="a.example")
        assert not journal(gateway, event="answer")
        assert "CLIENT_TRAFFIC_SECRET_0" in gateway.keylog.read_text()


def test_a_hung_gateway_is_not_taken_for_a_quiet_one(tmp_path, authority, monkeypatch):
    """It runs and does not answer: that is told, and closing it still ends it."""
    monkeypatch.setattr("captures.gateway.gateway._ANSWER", 0.2)
    monkeypatch.setattr("captures.gateway.gateway._END", 0.5)
    with start(tmp_path, authority) as gateway:
        os.kill(gateway.pid, signal.SIGSTOP)
        assert gateway.alive
        with pytest.raises(PeerGoneError, match="did not answer `counts` within"):
            gateway.counts()
    assert not gateway.alive
    assert gateway.cause_of_death is None


def test_a_port_in_use_is_told(tmp_path, authority, cloud):
    """One line with the port."""
    with pytest.raises(RigError, match=f"the gateway: .*{cloud.tcp_port}.*address already in use"):
        start(tmp_path, authority, modes=[f"socks5@127.0.0.1:{cloud.tcp_port}"])


def test_a_mode_that_does_not_exist_is_told(tmp_path, authority, monkeypatch):
    """The process ends, its last words are passed on, and no CA is left in the user's home."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    with pytest.raises(RigError, match=r"the gateway did not start: exit status 1: .*Invalid proxy mode"):
        start(tmp_path / "gateway", authority, modes=["teleport@1"])
    assert not list(home.iterdir())


def test_a_name_with_a_wrong_address_is_told(tmp_path, authority):
    """Before anything is started."""
    with pytest.raises(InputError, match=r"the name `a.example`: '203.0.113.256' does not appear"):
        start(tmp_path, authority, names={"a.example": ["203.0.113.256"]})
