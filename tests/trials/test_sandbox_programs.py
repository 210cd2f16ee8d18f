"""Programs that others wrote as the unit in the sandbox: browser, MQTT, CoAP and GB/T 32960 clients.

Where one is missing its tests are skipped, with the reason.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from captures.decode import KeyLog, decode
from captures.pcapng import CaptureFile
from rigs.sim.network import SealedNetwork
from telltale.errors import NamespacesRefusedError

VIN = "LNBSCCAF2TF000123"
CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)

PAGE = """<script>
const vin = "%s", get = {mode: "no-cors"};
let echo = "";
const socket = new WebSocket("wss://ws.example.test/voice");
socket.onopen = () => socket.send(JSON.stringify({vin: btoa(vin)}));
socket.onmessage = told => { echo = told.data; socket.close(); };
async function send() {
  await fetch("https://plain.example.test/v1?vin=" + vin, get);
  await fetch("https://quic.example.test/v1", {method: "POST", mode: "no-cors", body: "car " + vin});
  while (!echo) await fetch("https://plain.example.test/wait", get);  // the browser's time stands still meanwhile
  document.title = "all sent";
}
send();
</script>"""


@pytest.fixture(scope="module", autouse=True)
def quic_refused():
    try:
        with SealedNetwork.open() as network:
            return network.quic_refused
    except NamespacesRefusedError as refused:
        pytest.skip(str(refused))


@pytest.fixture
def sandbox(tmp_path):
    (tmp_path / "ids.yaml").write_text(f"vin: {VIN}\n")

    def run(*command):
        done = subprocess.run(
            [
                *(sys.executable, "-m", "trials.cli", "sandbox", "--identities", str(tmp_path / "ids.yaml")),
                *("--json", str(tmp_path / "out.jsonl"), "--runs", str(tmp_path / "runs"), "--", *map(str, command)),
            ],
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done, [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]

    return run


def places(seen):
    """Where the VIN was: recipient to channel, part, chain, first byte and length."""
    return {s["recipient"]: (s["channel"], s["part"], s["chain"], s["offset"], s["length"]) for s in seen}


@pytest.mark.skipif(CHROMIUM is None, reason="this machine has no Chromium")
@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
def test_chromium_speaks_http_of_every_version_and_websocket(sandbox, tmp_path, version, quic_refused):
    """One page sends the VIN in a URL, over QUIC in a body, and over a WebSocket; each is found where it was put."""
    (tmp_path / "page.html").write_text(PAGE % VIN)
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    options += ["--disable-background-networking", f"--user-data-dir={tmp_path}/profile", "--virtual-time-budget=30000"]
    options += ["--origin-to-force-quic-on=quic.example.test:443", "--dump-dom"]
    options += ["--disable-http2"] if version == "HTTP/1.1" else []
    trust = '"--ignore-certificate-errors-spki-list=$TELLTALE_CA_SPKI"'
    done, seen = sandbox("sh", "-c", f'exec "$0" {trust} "$@"', CHROMIUM, *options, f"file://{tmp_path}/page.html")
    assert "<title>all sent</title>" in done.stdout
    assert places(seen) == {
        "plain.example.test": ("https", "url", [], 8, 17),
        "quic.example.test": ("https", "body", [], 4, 17),
        "ws.example.test": ("ws", "payload", ["base64"], 8, 24),
    }
    (capture,) = Path(tmp_path, "runs").glob("*/traffic.pcapng")
    file = CaptureFile(capture)
    decoded = decode(file.packets(), keylog=KeyLog.parse(file.keylog()), uplinks={"cell0": "cellular"})
    (posted,) = [t for t in decoded.transmissions if t.recipient == "quic.example.test" and t.kind == "POST"]
    assert posted.summary == ("POST /v1 over HTTP/3" if quic_refused is None else "POST /v1")
    (fetched,) = [t for t in decoded.transmissions if t.recipient == "plain.example.test" and t.path == "/v1"]
    assert (b":authority:" in fetched.part("header").data) is (version == "HTTP/2")


@pytest.mark.skipif(shutil.which("mosquitto_pub") is None, reason="this machine has no mosquitto_pub")
def test_mosquitto_pub_over_tls(sandbox):
    """The VIN in topic and payload of a message that the broker acknowledged."""
    send = 'exec mosquitto_pub --cafile "$TELLTALE_CA" -h mqtt.example.test -p 8883 -q 1 -t "$1" -m "$2"'
    _, seen = sandbox("sh", "-c", send, "sh", f"car/{VIN}/state", json.dumps({"vin": VIN}))
    assert [(s["recipient"], s["channel"], s["part"], s["offset"], s["length"]) for s in seen] == [
        ("mqtt.example.test", "mqtt", "topic", 4, 17),
        ("mqtt.example.test", "mqtt", "payload", 9, 17),
    ]


@pytest.mark.skipif(importlib.util.find_spec("aiocoap") is None, reason="aiocoap is not installed")
def test_an_aiocoap_client(sandbox):
    """A POST of several blocks, with the VIN far behind the first; the answer is taken for success."""
    code = """
        import asyncio, sys, aiocoap
        async def main():
            context = await aiocoap.Context.create_client_context()
            body = b"x" * 3000 + sys.argv[1].encode()
            request = aiocoap.Message(code=aiocoap.POST, uri="coap://iot.example.test/state?v=1", payload=body)
            print((await context.request(request).response).code)
            await context.shutdown()
        asyncio.run(main())
    """
    done, seen = sandbox(sys.executable, "-c", textwrap.dedent(code), VIN)
    assert "2.04 Changed" in done.stdout
    assert places(seen) == {"iot.example.test": ("coap", "body", [], 3000, 17)}


@pytest.mark.skipif(importlib.util.find_spec("rtm_con") is None, reason="rtm_con is not installed")
def test_a_gbt32960_client_of_rtm_con(sandbox):
    """Login and logout, built and read by rtm_con, in both editions; the platform says success to each."""
    code = """
        import datetime, socket, sys
        from rtm_con import msg_checked as msg
        now = datetime.datetime(2026, 9, 21, 14, 13, 20)
        login = {"timestamp": now, "session_id": 1, "iccid": "89860012345678901234", "bms_total": 0, "pack_sn_len": 0,
                 "pack_sn": [], "pack_per_bms": [], "pack_sn_list": []}
        frames = {"login": login, "logout": {"timestamp": now, "session_id": 1}}
        with socket.create_connection(("platform.example.test", 32960), 20) as link:
            for kind, payload in frames.items():
                frame = {"starter": sys.argv[2], "msg_type": kind, "ack": "command", "vin": sys.argv[1],
                         "enc": "uncrypted", "payload": payload}
                link.sendall(msg.build(frame))
                print(kind, msg.parse(link.recv(999)).ack)
    """
    for edition in ("protocol_2016", "protocol_2025"):
        done, seen = sandbox(sys.executable, "-c", textwrap.dedent(code), VIN, edition)
        assert "login ok\nlogout ok\n" in done.stdout
        vins = [s for s in seen if s["item"] == "vin"]
        assert [(s["recipient"], s["channel"], s["part"], s["offset"], s["length"]) for s in vins] == [
            ("platform.example.test", "gbt32960", "payload", 4, 17)
        ] * 2
