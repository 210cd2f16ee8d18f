"""``telltale sandbox``: any program as the unit, with real programs."""

import base64
import gzip
import json
import os
import shutil
import subprocess
import sys
import textwrap

import pytest

from rigs.sim.network import SealedNetwork
from telltale.errors import NamespacesRefusedError

VIN = "LNBSCCAF2TF000123"
ACCOUNT = "acc-5512-7781-0093"


@pytest.fixture(scope="module", autouse=True)
def _namespaces():
    try:
        SealedNetwork.open().close()
    except NamespacesRefusedError as refused:
        pytest.skip(str(refused))


@pytest.fixture
def sandbox(tmp_path):
    (tmp_path / "ids.yaml").write_text(f"vin: {VIN}\naccount_id: {ACCOUNT}\n")

    def run(*command, options=(), **environment):
        done = subprocess.run(
            [
                *(sys.executable, "-m", "trials.cli", "sandbox", "--identities", str(tmp_path / "ids.yaml")),
                *("--json", str(tmp_path / "out.jsonl"), "--runs", str(tmp_path / "runs")),
                *(*options, "--", *command),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **environment},
        )
        out = tmp_path / "out.jsonl"
        return done, [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []

    return run


def script(body):
    return [sys.executable, "-c", textwrap.dedent(body)]


@pytest.mark.skipif(not shutil.which("curl"), reason="this machine has no curl")
def test_curl_is_opened_on_json_on_base64_of_gzip_and_in_a_header(sandbox):
    """The machine's own curl, over TLS and HTTP/2, with the VIN in three places."""
    packed = base64.b64encode(gzip.compress(json.dumps({"v": VIN}).encode())).decode()
    calls = [
        ["-d", json.dumps({"vin": VIN}), "https://api.example.test/json"],
        ["-d", json.dumps({"blob": packed}), "https://api.example.test/packed"],
        ["-H", f"X-Car: {VIN}", "https://other.example.test:8443/header"],
    ]
    command = " && ".join("curl -sS " + " ".join(f"'{word}'" for word in call) for call in calls)
    done, seen = sandbox("sh", "-c", command)
    assert done.returncode == 0, done.stderr
    assert [(s["item"], s["form"], s["chain"], s["part"], s["recipient"]) for s in seen] == [
        ("vin", "plain", [], "body", "api.example.test"),
        ("vin", "plain", ["base64", "gzip"], "body", "api.example.test"),
        ("vin", "plain", [], "header", "other.example.test"),
    ]
    assert (seen[0]["offset"], seen[0]["length"]) == (json.dumps({"vin": VIN}).index(VIN), len(VIN))
    assert (seen[1]["offset"], seen[1]["length"]) == (json.dumps({"blob": packed}).index(packed), len(packed))
    assert {s["channel"] for s in seen} == {"https"}
    assert {s["uplink"] for s in seen} == {"cellular"}
    assert VIN not in done.stdout + json.dumps(seen)
    assert "not seen" not in done.stdout


def test_mqtt_over_tls_is_opened(sandbox):
    """A real paho-mqtt client that checks certificates, on port 8883."""
    done, seen = sandbox(
        *script(f"""
        import paho.mqtt.client as mqtt
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="tbox-1")
        client.tls_set()
        client.connect("mqtt.example.test", 8883)
        client.loop_start()
        client.publish("car/{ACCOUNT}/state", '{{"vin": "{VIN}"}}', qos=1).wait_for_publish(20)
        client.disconnect()
        client.loop_stop()
    """)
    )
    assert done.returncode == 0, done.stderr
    assert {(s["item"], s["channel"], s["part"], s["recipient"]) for s in seen} == {
        ("vin", "mqtt", "payload", "mqtt.example.test"),
        ("account_id", "mqtt", "topic", "mqtt.example.test"),
    }


def test_a_program_that_refuses_the_benchs_certificate_is_not_silent(sandbox):
    """It was kept from sending, so that nothing was seen proves nothing."""
    done, seen = sandbox(
        *script("""
        import socket, ssl
        with socket.create_connection(("pinned.example.test", 443)) as plain:
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(plain, server_hostname="pinned.example.test")
            except ssl.SSLCertVerificationError:
                pass
    """)
    )
    assert (done.returncode, seen) == (3, [])
    assert "not seen: the bench's certificate was refused" in done.stdout


def test_raw_tcp_and_udp_to_any_address_and_port_are_told(sandbox):
    done, seen = sandbox(
        *script(f"""
        import socket
        for family, address in ((socket.AF_INET, "198.51.100.7"), (socket.AF_INET6, "2001:db8:77::1")):
            with socket.create_connection((address, 7001)) as s:
                s.sendall(b"\\x01\\x02{VIN}")
            with socket.socket(family, socket.SOCK_DGRAM) as s:
                s.sendto(b"\\x09{VIN}", (address, 9002))
    """)
    )
    assert done.returncode == 0, done.stderr
    assert sorted((s["channel"], s["recipient"], s["offset"]) for s in seen) == [
        ("tcp", "198.51.100.7", 2),
        ("tcp", "2001:db8:77::1", 2),
        ("udp", "198.51.100.7", 1),
        ("udp", "2001:db8:77::1", 1),
    ]


def test_a_program_that_sends_nothing_identifying_ends_0_with_no_sighting(sandbox):
    done, seen = sandbox(
        *script("""
        import urllib.request
        print(urllib.request.urlopen("https://weather.example.test/?city=Beijing").status)
    """)
    )
    assert (done.returncode, seen) == (0, []), done.stdout + done.stderr
    assert "200" in done.stdout
    assert "weather.example.test" in done.stdout


def test_with_a_policy_the_program_is_judged(sandbox, request):
    policy = request.config.rootpath / "policies" / "xiaomi-ev-2025-06"
    done, _ = sandbox(
        *script(f"""
            import urllib.request
            urllib.request.urlopen("https://collector.example.test/", data=b"{VIN}")
        """),
        options=["--policy", str(policy)],
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "undeclared endpoint" in done.stdout


@pytest.mark.parametrize(
    ("command", "text"),
    [([], "no command: write it after `--`"), (["/nowhere/client"], "cannot start /nowhere/client")],
)
def test_a_command_that_cannot_run_is_one_line(sandbox, command, text):
    done, _ = sandbox(*command)
    assert done.returncode in (2, 3)
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_item_in_the_identities_is_told_with_its_line(sandbox, tmp_path):
    done, _ = sandbox("true", options=["--identities", str(tmp_path / "bad.yaml")])
    assert (done.returncode, "no such file" in done.stderr) == (2, True)
    (tmp_path / "bad.yaml").write_text("email: A\nvinn: B\n")
    done, _ = sandbox("true", options=["--identities", str(tmp_path / "bad.yaml")])
    assert done.returncode == 2
    assert f"{tmp_path / 'bad.yaml'}:2: unknown item `vinn`; did you mean `vin`?" in done.stderr


def test_a_host_that_refuses_namespaces_is_told_in_one_line_and_ends_3(sandbox):
    """Any program could not be made to go through a proxy, so there is no loopback here."""
    done, _ = sandbox("true", TELLTALE_REFUSE_NAMESPACES="1")
    assert done.returncode == 3
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("command", ["bench", "prove"])
def test_a_refusal_of_what_was_asked_for_is_told_once_before_any_scenario(command, tmp_path, request):
    features = request.config.rootpath / "features"
    done = subprocess.run(
        [sys.executable, "-m", "trials.cli", command, str(features), "--fidelity", "sealed", "--runs", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "TELLTALE_REFUSE_NAMESPACES": "1"},
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.strip().splitlines()) == 1
