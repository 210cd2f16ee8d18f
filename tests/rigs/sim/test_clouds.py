"""What simulated clouds keep, for how long, and who gets it."""

import json
import queue
import select
import socket
import threading
import urllib.parse

import pytest
from paho.mqtt import client as mqtt

from rigs.sim.cloud.model import load_cloud
from telltale.errors import InputError
from telltale.times import SECOND, utc

APP = "https://app.maker.test/v1"
CLOUD = """
cloud: test
operated by: Test
sinks:
  plan: {at: "https://ux.maker.test/v1", answer: {status: 202, json: {ok: true}}}
link: {mqtt: "cmd.maker.test:8883", topic: commands}
apps:
  owner: {at: "https://app.maker.test/v1", commands: [take picture]}
stores:
  cabin:
    upload: https://cabin.maker.test/v1/recordings
    keep: 55 min
    app: owner
    listed as: recordings
    addresses:
      direct: {at: "https://media.maker.test/o", valid for: 24 h}
    notice: It has arrived
    summary: {after: 20 s, text: Nothing much}
"""


def upload(bench, body=b"the video", path="/alarm", headers=None):
    url = f"https://cabin.maker.test/v1/recordings{path}"
    status, answer = bench.fetch(url, method="POST", body=body, headers=headers)
    assert status == 201
    return json.loads(answer)["id"]


def listing(bench):
    status, data = bench.owner(f"{APP}/recordings")
    assert status == 200
    return data


def test_a_recording_is_served_until_its_time_and_gone_from_then_on(bench):
    """Through the app and at its direct address, while the control object is served all the time."""
    bench.start_cloud(CLOUD)
    name = upload(bench)
    [entry] = listing(bench)["recordings"]
    control = listing(bench)["control"]
    assert entry["id"] == name
    direct = entry["addresses"]["direct"]
    token = bench.tokens["owner"]
    bench.wait("54 minutes")
    assert bench.fetch(f"{APP}/recordings/{name}", token=token) == (200, b"the video")
    assert bench.fetch(direct) == (200, b"the video")
    bench.wait("1 minute")
    assert bench.fetch(f"{APP}/recordings/{name}", token=token)[0] == 404
    assert bench.fetch(direct)[0] == 410
    assert listing(bench)["recordings"] == []
    assert bench.cloud.stored() == {"cabin": []}
    assert bench.fetch(f"{APP}/recordings/{control['id']}", token=token)[0] == 200
    assert bench.fetch(control["addresses"]["direct"])[0] == 200


def test_a_place_can_outlive_the_others(bench):
    """A direct address that is kept longer than the store says, and a mirror: what defects are made of."""
    patched = CLOUD.replace("valid for: 24 h}", "valid for: 24 h, keep: 90 min}") + (
        "      mirror: {at: 'https://old.maker.test/m', valid for: 48 h, keep: 24 h}\n"
    )
    lines = patched.splitlines()
    mirror = lines.pop()
    lines.insert(lines.index("    notice: It has arrived"), mirror)
    bench.start_cloud("\n".join(lines))
    name = upload(bench)
    addresses = listing(bench)["recordings"][0]["addresses"]
    bench.wait("61 minutes")
    assert bench.fetch(f"{APP}/recordings/{name}", token=bench.tokens["owner"])[0] == 404
    assert bench.fetch(addresses["direct"])[0] == 200
    bench.wait("30 minutes")
    assert bench.fetch(addresses["direct"])[0] == 410
    assert bench.fetch(addresses["mirror"])[0] == 200


def test_what_is_deleted_is_gone_at_once_but_from_a_cache(bench):
    """DELETE where it was uploaded empties the store; an address that is not emptied keeps handing it out."""
    mirror = "      cache: {at: 'https://cdn.maker.test/m', valid for: 48 h, emptied: false}\n"
    bench.start_cloud(CLOUD.replace("    notice: It", f"{mirror}    notice: It"))
    name = upload(bench)
    addresses = listing(bench)["recordings"][0]["addresses"]
    status, told = bench.fetch("https://cabin.maker.test/v1/recordings", method="DELETE")
    assert (status, json.loads(told)) == (200, {"deleted": [name]})
    assert listing(bench)["recordings"] == []
    assert bench.fetch(f"{APP}/recordings/{name}", token=bench.tokens["owner"])[0] == 404
    assert bench.fetch(addresses["direct"])[0] == 410
    assert bench.fetch(addresses["cache"])[0] == 200
    bench.wait("55 minutes")
    assert bench.fetch(addresses["cache"])[0] == 410


def test_only_the_owner_gets_in(bench):
    """No token 401, another account's 403, and a forged or expired signature 403: none of them is erasure."""
    bench.start_cloud(CLOUD)
    name = upload(bench)
    url = f"{APP}/recordings/{name}"
    direct = listing(bench)["recordings"][0]["addresses"]["direct"]
    control = listing(bench)["control"]["addresses"]["direct"]
    assert bench.fetch(url)[0] == 401
    assert bench.fetch(url, token="guessed")[0] == 401
    assert bench.fetch(url, token=bench.tokens["other"])[0] == 403
    assert bench.fetch(direct[:-1] + ("0" if direct[-1] != "0" else "1"))[0] == 403
    parts = urllib.parse.urlsplit(direct)
    assert bench.fetch(f"https://{parts.hostname}{parts.path}?expires=abc&signature=")[0] == 403
    bench.wait("24 h")
    assert bench.fetch(control)[0] == 403


def test_others_are_shown_the_fields_that_the_store_shows_others(bench):
    """Where its app serves any account; its owner is served all of it, and the control object is everybody's."""
    shown = CLOUD.replace("commands: [take picture]", "serves: any account")
    bench.start_cloud(shown.replace("listed as: recordings", "listed as: recordings\n    shows others: [lap, flag]"))
    name = upload(bench, body=b'{"lap": "1:42", "account": "4711"}')
    whole = bench.owner(f"{APP}/recordings/{name}")[1]
    assert whole == {"lap": "1:42", "account": "4711"}
    status, answer = bench.fetch(f"{APP}/recordings/{name}", token=bench.tokens["other"])
    assert (status, json.loads(answer)) == (200, {"lap": "1:42"})
    assert bench.fetch(f"{APP}/recordings/control", token=bench.tokens["other"])[0] == 200


def test_what_came_in_a_form_is_kept_without_the_form(bench):
    """The file part, byte for byte."""
    bench.start_cloud(CLOUD)
    video = bytes(range(256)) * 5 + b"\r\n--x\r\n\r\n"
    body = (
        b'--XyZ\r\nContent-Disposition: form-data; name="vin"\r\n\r\nLNBSCPAE5RW000017\r\n'
        b'--XyZ\r\nContent-Disposition: form-data; name="video"; filename="video"\r\nContent-Type: video/mp4\r\n\r\n'
        + video
        + b"\r\n--XyZ--\r\n"
    )
    name = upload(bench, body, headers={"content-type": 'multipart/form-data; boundary="XyZ"'})
    assert bench.fetch(f"{APP}/recordings/{name}", token=bench.tokens["owner"]) == (200, video)
    assert listing(bench)["recordings"][0]["type"] == "video/mp4"


def test_the_owner_is_notified_at_once_and_told_the_summary_later(bench):
    """On the virtual clock."""
    bench.start_cloud(CLOUD)
    name = upload(bench)
    told = bench.owner(f"{APP}/notifications")[1]["notifications"]
    assert [(n["text"], n["about"]) for n in told] == [("It has arrived", name)]
    bench.wait("20 s")
    told = bench.owner(f"{APP}/notifications")[1]["notifications"]
    assert [n["text"] for n in told] == ["It has arrived", "Nothing much"]


def test_a_sink_takes_everything_below_its_path_and_answers_as_told(bench):
    """And nothing beside it."""
    bench.start_cloud(CLOUD)
    assert bench.fetch("https://ux.maker.test/v1/any/thing", method="PUT", body=b"x") == (202, b'{"ok": true}')
    assert bench.fetch("https://ux.maker.test/v2")[0] == 404
    assert bench.fetch("https://ux.maker.test/v11")[0] == 404


UNIT = """
unit: test
made by: Test
uplink: cellular
state: {}
command link: {mqtt: "cmd.maker.test:8883", topic: commands}
functions:
  camera:
    sends:
      picture:
        on command: take picture
        after: 3 s
        http: 2
        post: https://cabin.maker.test/v1/recordings/picture
        multipart: {vin: "{vin}", picture: "{cabin_image}"}
"""


BUSY = """
  something else:
    sends:
      beat: {every: 1 s, post: "https://ux.maker.test/v1/beat", text: "beat"}
"""


@pytest.fixture
def picture(bench):
    path = bench.folder / "cabin.jpg"
    path.write_bytes(b"\xff\xd8" + bytes(range(256)) * 1000)
    return path


def test_a_command_of_the_owners_reaches_the_car_before_the_bench_calls_it_settled(bench, picture):
    """And what the car sends for it comes back to the owner's app; here over HTTP/2."""
    bench.start_cloud(CLOUD)
    bench.start_unit(UNIT, footage={"cabin_image": picture})
    for count in (1, 2):
        assert bench.owner(f"{APP}/commands/take-picture", "POST")[0] == 202
        bench.wait("10 s")
        assert len(listing(bench)["recordings"]) == count
    assert bench.unit.failures == []
    name = listing(bench)["recordings"][0]["id"]
    assert bench.fetch(f"{APP}/recordings/{name}", token=bench.tokens["owner"])[1] == picture.read_bytes()


def test_a_command_waits_for_a_car_that_is_off_and_is_not_given_twice(bench, picture):
    """A reboot asks from the start; what was acknowledged is not repeated."""
    bench.start_cloud(CLOUD)
    bench.start_unit(UNIT, footage={"cabin_image": picture})
    bench.owner(f"{APP}/commands/take-picture", "POST")
    bench.wait("10 s")
    bench.unit.power_off()
    bench.owner(f"{APP}/commands/take-picture", "POST")
    bench.power_on()
    bench.wait("10 s")
    assert len(listing(bench)["recordings"]) == 2
    assert bench.owner(f"{APP}/commands/open-doors", "POST")[0] == 404


def test_a_car_whose_link_is_down_tries_again_and_gets_its_commands_then(bench, picture):
    """Once a minute of bench time; each try that fails is told."""
    bench.start_cloud(CLOUD)
    real = bench.cloud.addresses["cmd.maker.test:8883"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    started = bench.clock.now()
    bench.start_unit(UNIT + BUSY, footage={"cabin_image": picture}, addresses={"cmd.maker.test:8883": address})
    bench.owner(f"{APP}/commands/take-picture", "POST")
    bench.wait("90 s")
    assert [(f.function, f.then) for f in bench.unit.failures] == [("command link", "retried")] * 2
    with socket.create_server(address) as listener:
        relay = threading.Thread(target=relay_one, args=(listener, real), daemon=True)
        relay.start()
        bench.wait("60 s")
        assert [entry["made"] for entry in listing(bench)["recordings"]] == [utc(started + 123 * SECOND)]
        bench.unit.power_off()
        relay.join(10)


def relay_one(listener, address):
    """Hand one connection through, until either side hangs up."""
    ours, _ = listener.accept()
    with ours, socket.create_connection(address) as theirs:
        while ready := select.select([ours, theirs], [], [], 10)[0]:
            for peer in ready:
                data = peer.recv(65536)
                if not data:
                    return
                (theirs if peer is ours else ours).sendall(data)


def test_the_command_link_is_mqtt_as_others_speak_it(bench):
    """A client of another make subscribes, receives a command and acknowledges it."""
    bench.start_cloud(CLOUD)
    heard, subscribed = queue.Queue(), threading.Event()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="phone", clean_session=False)
    client.tls_set(str(bench.authority.certificate))
    client.tls_insecure_set(True)  # noqa: FBT003 - not ours to name; it dials 127.0.0.1
    client.on_connect = lambda *_: client.subscribe("commands", qos=1)
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda _client, _data, message: heard.put((message.topic, message.qos, message.payload))
    client.connect(*bench.cloud.addresses["cmd.maker.test:8883"])
    client.loop_start()
    try:
        assert subscribed.wait(10)
        bench.owner(f"{APP}/commands/take-picture", "POST")
        assert heard.get(timeout=10) == ("commands", 1, b'{"command": "take picture"}')
        assert bench.cloud.ask("settle") == {"undelivered": []}
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.parametrize(
    ("old", "new", "line", "complaint"),
    [
        ("app: owner", "app: ownr", 12, "`ownr` is no app of this cloud; did you mean `owner`?"),
        ("valid for: 24 h", "valid for: 55 min", 15, "nobody could tell gone from expired"),
        ("keep: 55 min", "keeep: 55 min", 11, "unknown key `keeep`; did you mean `keep`?"),
        ("cmd.maker.test:8883", "cmd.maker.test", 5, "expected `host:port`"),
    ],
)
def test_a_cloud_file_that_is_wrong_names_its_line(tmp_path, old, new, line, complaint):
    """With the near-miss."""
    path = tmp_path / "cloud.yaml"
    path.write_text(CLOUD.replace(old, new).lstrip())
    with pytest.raises(InputError) as error:
        load_cloud(path)
    assert (error.value.line, error.value.file) == (line, path)
    assert complaint in str(error.value)


REQUESTS = (
    CLOUD
    + """
requests:
  a copy: {app: owner, asked as: copy, answered after: 9 days}
  deletion: {app: owner, asked as: deletion, answered after: 2 days, answer: deleted, empties: [cabin]}
  correction: {app: owner, asked as: correction}
"""
)


def ask(bench, name):
    status, taken = bench.fetch(f"{APP}/requests/{name}", method="POST", token=bench.tokens["owner"])
    assert status == 202
    return json.loads(taken)


def test_what_an_owner_asks_for_is_answered_in_its_time(bench):
    """Open until then, at an address of its own and in the list; one without a time never is."""
    bench.start_cloud(REQUESTS)
    copy, correction = ask(bench, "copy"), ask(bench, "correction")
    begun = bench.clock.now()
    assert copy["received"] == utc(begun)
    bench.wait("215 hours")
    assert bench.owner(copy["at"])[1]["answer"] is None
    bench.wait("1 hour")
    _, told = bench.owner(copy["at"])
    assert (told["answer"], told["answered"]) == ("done", utc(bench.clock.now()))
    _, everything = bench.owner(f"{APP}/requests")
    assert [(entry["id"], entry["answer"]) for entry in everything["requests"]] == [
        (copy["id"], "done"),
        (correction["id"], None),
    ]


def test_an_answer_can_empty_stores(bench):
    """Deletion is a request whose answer takes recordings with it, and not its taking."""
    bench.start_cloud(
        REQUESTS.replace("keep: 55 min", "keep: 30 days").replace("valid for: 24 h", "valid for: 60 days")
    )
    name = upload(bench)
    ask(bench, "deletion")
    bench.wait("47 hours")
    assert [entry["id"] for entry in listing(bench)["recordings"]] == [name]
    bench.wait("1 hour")
    assert listing(bench)["recordings"] == []


def test_requests_are_the_owner_s_alone(bench):
    """No token 401, another account's 403, and what nobody can ask for 404."""
    bench.start_cloud(REQUESTS)
    url = f"{APP}/requests/copy"
    assert bench.fetch(url, method="POST")[0] == 401
    assert bench.fetch(url, method="POST", token=bench.tokens["other"])[0] == 403
    assert bench.fetch(f"{APP}/requests/cpoy", method="POST", token=bench.tokens["owner"])[0] == 404
    assert bench.fetch(f"{APP}/requests/0123", token=bench.tokens["owner"])[0] == 404
    assert bench.owner(f"{APP}/requests")[1] == {"requests": []}


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("{app: owner, asked as: copy", "{app: ownr, asked as: copy", "`ownr` is no app of this cloud; did you mean"),
        ("empties: [cabin]", "empties: [cabn]", "`cabn` is no store of this cloud; did you mean `cabin`"),
    ],
)
def test_a_request_names_what_is_there(tmp_path, old, new, complaint):
    file = tmp_path / "cloud.yaml"
    file.write_text(REQUESTS.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=complaint):
        load_cloud(file)
