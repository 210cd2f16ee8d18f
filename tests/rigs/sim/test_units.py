"""One engine plays unit files over real sockets."""

import base64
import gzip
import json
import os
import signal
import socket
import threading
import time

import pytest

from rigs.sim.unit import gbt32960
from telltale.errors import RigError
from telltale.times import SECOND, utc

HEAD = """
unit: test
made by: Test
uplink: cellular
state:
  ignition: {default: off, can: VehicleStatus.Ignition, values: {Off: off, Accessory: off, Run: on, Start: on}}
  speed: {default: 0, can: VehicleStatus.VehicleSpeed}
  lock: {can: BodyStatus.DoorsLocked, values: {Unlocked: unlocked, Locked: locked}}
  alarm: {default: quiet, can: BodyStatus.AlarmTriggered, values: {Quiet: quiet, Triggered: triggered}}
  plan: {default: off, setting: global/plan, values: {"0": off, "1": on}, kept: true}
queues:
  reports: {kept: true}
  lost: {}
functions:
"""


def unit(functions):
    return HEAD + functions


class Platform:
    """A GB/T 32960 platform that notes every frame, and can be deaf."""

    def __init__(self):
        self.frames = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = self._server.getsockname()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                peer, _ = self._server.accept()
            except OSError:
                return
            with peer:
                while frame := peer.recv(4096):
                    self.frames.append(frame)
                    peer.sendall(gbt32960.acknowledge(frame))

    def close(self):
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@pytest.fixture
def platform():
    platform = Platform()
    yield platform
    platform.close()


REPORT = """
  mandated report:
    while: {ignition: on}
    sends:
      login: {at: start, gbt32960: login, to: "platform.test:32960"}
      report: {every: 10 s, gbt32960: realtime, to: "platform.test:32960", if it fails: {queue: reports}}
      reissue: {follows: report, flush: reports}
      logout: {at: end, gbt32960: logout, to: "platform.test:32960"}
"""


def test_the_mandated_report_logs_in_reports_at_its_interval_and_logs_out(bench, platform):
    """Ignition on CAN starts it; every frame carries the VIN and the bench time."""
    bench.start_unit(unit(REPORT), addresses={"platform.test:32960": platform.address})
    bench.send("VehicleStatus", Ignition="Run", Gear="D", VehicleSpeed=50)
    bench.wait("30 s")
    bench.send("VehicleStatus", Ignition="Off", Gear="P", VehicleSpeed=0)
    bench.wait("60 s")
    assert [frame[2] for frame in platform.frames] == [1, 2, 2, 2, 4]
    assert {frame[4:21] for frame in platform.frames} == {b"LNBSCPAE5RW000017"}
    start = bench.clock.now() - 90 * SECOND
    assert [frame[24:30] for frame in platform.frames] == [
        gbt32960.moment(start + seconds * SECOND) for seconds in (0, 10, 20, 30, 30)
    ]
    assert bench.unit.failures == []


def test_reports_that_did_not_arrive_are_reissued_once_there_is_a_connection_again(bench, platform):
    """Kept in flash over power-off, sent as command 3 with the time they were made."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere = closed.getsockname()
    bench.start_unit(unit(REPORT), addresses={"platform.test:32960": nowhere})
    bench.send("VehicleStatus", Ignition="Run")
    made = bench.clock.now() + 10 * SECOND
    bench.wait("10 s")
    assert [(f.send, f.then) for f in bench.unit.failures] == [("login", "lost"), ("report", "queued")]
    assert "refused" in bench.unit.failures[0].reason
    bench.unit.power_off()
    bench.start_unit(unit(REPORT), addresses={"platform.test:32960": platform.address})
    assert bench.unit.state()["queues"] == {"reports": 1}
    bench.send("VehicleStatus", Ignition="Run")
    bench.wait("10 s")
    assert [frame[2] for frame in platform.frames] == [1, 2, 3]
    assert platform.frames[2][24:30] == gbt32960.moment(made)


def test_a_send_is_composed_from_facts_and_identities(bench, recorder):
    """JSON keeps numbers; the whole body may pass encodings; headers and query take values as well."""
    bench.start_unit(
        unit("""
  plan:
    while: {ignition: on}
    sends:
      plain:
        every: 60 s
        post: https://ux.maker.test/v1/plain
        query: {lat: "{position.lat:.1f}"}
        headers: {X-Vehicle: "{vin|lower}"}
        json: {vin: "{vin}", speed: "{speed}", at: "{now}"}
      packed:
        every: 60 s
        put: https://ux.maker.test/v1/packed
        json: {account: "{account_id}"}
        encode: [gzip, base64]
      form: {every: 60 s, post: "https://ux.maker.test/v1/form", form: {vin: "{vin}", note: "a b"}}
      text: {every: 60 s, post: "https://ux.maker.test/v1/text", text: "vin {vin}"}
"""),
        addresses={"ux.maker.test:443": recorder.address},
    )
    bench.send("VehicleStatus", Ignition="Run", VehicleSpeed=50.5)
    bench.wait("60 s")
    assert bench.unit.failures == []
    plain, packed, form, text = recorder.seen
    assert plain[:2] == ("POST", "/v1/plain?lat=39.9")
    assert plain[2]["x-vehicle"] == "lnbscpae5rw000017"
    assert json.loads(plain[3]) == {"vin": "LNBSCPAE5RW000017", "speed": 50.5, "at": utc(bench.clock.now())}
    assert packed[0] == "PUT"
    assert json.loads(gzip.decompress(base64.b64decode(packed[3]))) == {"account": "mi-7700421"}
    assert (form[3], text[3]) == (b"vin=LNBSCPAE5RW000017&note=a+b", b"vin LNBSCPAE5RW000017")


PLAN = """
  with the plan:
    while: {ignition: on, plan: on}
    sends:
      records: {every: 60 s, post: "https://ux.maker.test/with", json: {vin: "{vin}"}, queue: reports}
      at the end: {at: end, flush: reports}
  without the plan:
    while: {ignition: on, plan: off}
    sends:
      run data: {every: 60 s, post: "https://ux.maker.test/without", json: {speed: "{speed}"}}
"""


def test_a_queue_is_filled_at_one_time_and_sent_at_another(bench, recorder):
    """Store and forward, in the order of making."""
    bench.start_unit(
        unit(PLAN.replace("plan: on}", "lock: locked}")), addresses={"ux.maker.test:443": recorder.address}
    )
    bench.send("BodyStatus", DoorsLocked="Locked")
    bench.send("VehicleStatus", Ignition="Run")
    bench.wait("3 minutes")
    assert [path for _, path, _, _ in recorder.seen] == ["/without"] * 3
    bench.send("BodyStatus", DoorsLocked="Unlocked")
    assert [path for _, path, _, _ in recorder.seen][3:] == ["/with"] * 3


ALARM = """
  alarm:
    while: {lock: locked}
    sends:
      video:
        when: {alarm: triggered}
        after: 5 s
        post: https://ux.maker.test/video
        json: {vin: "{vin}"}
        if it fails: {retry after: 30 s, times: 2, queue: lost}
"""


def test_an_event_counts_at_its_edge_and_only_while_the_function_is_active(bench, recorder):
    """Arming late, or an alarm that goes on, does not send twice; an unknown fact fulfils nothing."""
    bench.start_unit(unit(ALARM), addresses={"ux.maker.test:443": recorder.address})
    bench.send("BodyStatus", AlarmTriggered="Triggered", DoorsLocked="Unlocked")
    bench.wait("60 s")
    assert recorder.seen == []
    bench.send("BodyStatus", AlarmTriggered="Quiet", DoorsLocked="Locked")
    bench.send("BodyStatus", AlarmTriggered="Triggered")
    bench.send("VehicleStatus", Ignition="Accessory", VehicleSpeed=1)
    bench.wait("4 s")
    assert recorder.seen == []
    bench.wait("60 s")
    assert len(recorder.seen) == 1
    bench.send("BodyStatus", AlarmTriggered="Quiet")
    bench.send("BodyStatus", AlarmTriggered="Triggered")
    bench.wait("60 s")
    assert len(recorder.seen) == 2


def test_a_send_that_fails_is_retried_as_the_file_says_and_every_failure_is_told(bench, recorder):
    """On the virtual clock, and at last queued."""
    recorder.status = 503
    bench.start_unit(unit(ALARM), addresses={"ux.maker.test:443": recorder.address})
    bench.send("BodyStatus", DoorsLocked="Locked", AlarmTriggered="Triggered")
    start = bench.clock.now()
    bench.wait("10 minutes")
    assert [((f.bench - start) // SECOND, f.then) for f in bench.unit.failures] == [
        (5, "retried"),
        (35, "retried"),
        (65, "queued"),
    ]
    assert bench.unit.failures[0].reason == "ux.maker.test answered 503"
    assert bench.unit.state()["queues"] == {"lost": 1}


def test_a_unit_trusts_the_benchs_authority_only(bench, recorder):
    """The gateway's certificate counts because the bench says so; another host's does not."""
    bench.start_unit(
        unit(PLAN.replace("ux.maker.test", "other.maker.test")),
        addresses={"other.maker.test:443": recorder.address},
    )
    bench.send("VehicleStatus", Ignition="Run")
    bench.wait("60 s")
    assert recorder.seen == []
    assert "TLS with other.maker.test:443 failed" in bench.unit.failures[0].reason


def test_a_uplink_without_its_interface_is_a_failure_and_not_another_way(bench, recorder):
    """Traffic never leaves over the wrong uplink."""
    bench.make_unit(unit(PLAN), addresses={"ux.maker.test:443": recorder.address}, interfaces={"cellular": "nosuch0"})
    bench.power_on()
    bench.send("VehicleStatus", Ignition="Run")
    bench.wait("60 s")
    assert recorder.seen == []
    assert bench.unit.failures[0].reason == "the uplink cellular is down"


def test_power_loss_kills_at_once_and_what_was_not_in_flash_is_gone(bench, recorder):
    """The next boot starts from the file's defaults and from flash."""
    bench.start_unit(unit(PLAN), addresses={"ux.maker.test:443": recorder.address})
    bench.send("VehicleStatus", Ignition="Run")
    pid = bench.unit.pid
    bench.unit.power_off()
    assert not bench.unit.alive
    assert bench.unit.cause_of_death is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    bench.wait("10 minutes")
    assert recorder.seen == []
    bench.power_on()
    assert bench.unit.state()["facts"]["ignition"] == "off"


def test_a_unit_that_dies_tells_the_cause(bench, recorder):
    """Every later question fails with it."""
    bench.start_unit(unit(PLAN), addresses={"ux.maker.test:443": recorder.address})
    os.kill(bench.unit.pid, signal.SIGKILL)
    with pytest.raises(RigError, match=r"the unit test has ended \(killed by SIGKILL\)"):
        bench.wait("60 s")
    assert bench.unit.cause_of_death == "killed by SIGKILL"


def test_a_unit_that_cannot_boot_tells_why(bench):
    """The last line of what it printed."""
    bench.make_unit(unit(PLAN), footage={"cabin_video": bench.folder / "nosuch.mp4"})
    with pytest.raises(RigError, match=r"ended with status 1: FileNotFoundError.*nosuch.mp4"):
        bench.power_on()
    assert not bench.unit.alive


def test_equal_runs_give_equal_traffic_in_equal_order(bench, platform, recorder):
    """What is due at one moment leaves in the order of the file."""
    both = REPORT + PLAN.replace("60 s", "10 s")
    orders = []
    for _ in range(2):
        recorder.seen.clear()
        bench.start_unit(
            unit(both),
            addresses={"platform.test:32960": platform.address, "ux.maker.test:443": recorder.address},
        )
        bench.send("VehicleStatus", Ignition="Run")
        bench.wait("30 s")
        orders.append([path for _, path, _, _ in recorder.seen])
        bench.unit.power_off()
    assert orders[0] == orders[1] == ["/without"] * 3


def test_parked_time_without_events_passes_in_a_moment(bench, recorder):
    """An hour costs two questions."""
    bench.start_unit(unit(PLAN), addresses={"ux.maker.test:443": recorder.address})
    started = time.monotonic()
    bench.wait("60 minutes")
    assert time.monotonic() - started < 1
