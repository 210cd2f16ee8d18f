"""http.client against a server of our own, over TLS and without."""

import hashlib
import http.server
import socket
import ssl
import threading

import pytest

from rigs.drivers.probe import HttpProbe
from rigs.sim.certificates import CloudAuthority
from telltale.errors import InputError, RigError

VIDEO = bytes(range(256)) * 40


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by path, and keeps what it was asked."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append((self.command, self.path, dict(self.headers)))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/video")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
        elif self.path == "/silent":
            self.server.let_go.wait(20)
        else:
            self.send_response(200 if self.path.startswith("/video") else 404)
            self.send_header("Content-Length", str(len(VIDEO)))
            self.send_header("Set-Cookie", "a=1")
            self.send_header("Set-Cookie", "b=2")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(VIDEO)

    do_HEAD = do_GET  # noqa: N815 - the library's name

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.command, self.path, body))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return CloudAuthority.create(tmp_path_factory.mktemp("authority"))


@pytest.fixture(params=["https", "http"])
def server(request, authority):
    """A server that says it is ``media.example``."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        made.asked, made.let_go = [], threading.Event()
        made.url = f"{request.param}://media.example"
        if request.param == "https":
            context = authority.context_for("media.example", alpn=["http/1.1"])
            made.socket = context.wrap_socket(made.socket, server_side=True)
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.let_go.set()
        made.shutdown()
        thread.join()


@pytest.fixture
def probe(server, authority):
    """Dials the server whatever name it is asked for, as the sealed network does."""
    dialled = []

    def connect(host, port):
        dialled.append((host, port))
        return socket.create_connection(server.server_address, 10)

    made = HttpProbe(connect, authorities=authority.certificate, timeout=10)
    made.dialled = dialled
    return made


def test_an_answer_is_told_whole(probe, server):
    """Status, headers in order, body and its digest, and who answered."""
    answer = probe.fetch(f"{server.url}/video?sig=1", {"authorization": "Bearer t"})
    assert (answer.status, answer.body, answer.peer) == (200, VIDEO, "127.0.0.1")
    assert answer.sha256 == hashlib.sha256(VIDEO).hexdigest()
    assert [value for name, value in answer.headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert answer.header("Content-Length") == str(len(VIDEO))
    command, path, headers = server.asked[0]
    assert (command, path) == ("GET", "/video?sig=1")
    assert (headers["authorization"], headers["cache-control"]) == ("Bearer t", "no-cache")
    assert probe.dialled == [("media.example", 443 if server.url.startswith("https") else 80)]


def test_a_status_of_refusal_is_an_answer(probe, server):
    """What it means is judged elsewhere."""
    assert probe.fetch(f"{server.url}/gone").status == 404


def test_a_redirection_is_told_and_not_followed(probe, server):
    """One question, one answer."""
    answer = probe.fetch(f"{server.url}/moved")
    assert (answer.status, answer.header("location")) == (302, "/video")
    assert len(server.asked) == 1


def test_a_head_request_has_no_body_and_a_post_carries_one(probe, server):
    """Both are one request."""
    assert probe.fetch(f"{server.url}/video", method="HEAD").body == b""
    assert probe.fetch(f"{server.url}/commands/x", method="POST", body=b"{}").status == 202
    assert server.asked[1] == ("POST", "/commands/x", b"{}")


def test_an_answer_that_is_cut_off_is_a_failure_of_the_probe(probe, server):
    """Half a body is never taken for a body."""
    with pytest.raises(RigError, match=r"got no answer to GET .*/cut: IncompleteRead"):
        probe.fetch(f"{server.url}/cut")


def test_silence_is_a_failure_of_the_probe(probe, server):
    """It is never taken for "gone"."""
    probe._timeout = 0.2
    with pytest.raises(RigError, match=r"got no answer to GET .*/silent: timed out"):
        probe.fetch(f"{server.url}/silent")


def test_nobody_there_is_a_failure_of_the_probe(closed_port):
    """Nor is a refused connection."""
    with pytest.raises(RigError, match="Connection refused"):
        HttpProbe().fetch(f"http://127.0.0.1:{closed_port}/")


@pytest.mark.parametrize("server", ["https"], indirect=True)
def test_an_authority_that_is_not_trusted_is_a_failure_of_the_probe(server, tmp_path):
    """An impostor's answer says nothing about the cloud."""
    other = CloudAuthority.create(tmp_path)
    probe = HttpProbe(lambda *_: socket.create_connection(server.server_address, 10), authorities=other.certificate)
    with pytest.raises(RigError, match="certificate verify failed"):
        probe.fetch(f"{server.url}/video")


@pytest.mark.parametrize("url", ["ftp://host/x", "/video", "https:///x"])
def test_what_cannot_be_fetched_is_an_input_error(url):
    """The message shows how it is written."""
    with pytest.raises(InputError, match="expected `https://host/path`"):
        HttpProbe().fetch(url)


def test_the_probe_speaks_tls_of_today():
    """At least TLS 1.2, certificates and names checked."""
    context = HttpProbe()._tls
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
