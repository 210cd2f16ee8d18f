"""Recipients that the bench opens otherwise, or not at all: the Xiaomi of this repository on rigs with other access."""

import json
import shutil

import pytest
import yaml

from captures.decode import KeyLog
from captures.pcapng import CaptureFile
from telltale.errors import ExitStatus
from tests.trials.conftest import RIGS
from trials import claims
from trials.claims import TableRow

pytestmark = pytest.mark.xdist_group("access")

FEEDBACK = [
    TableRow(item=item, recipient="Xiaomi", function="user feedback", uplink="cellular")
    for item in ("vin", "account_id", "feedback_text", "feedback_module", "installed_apps")
]


@pytest.fixture
def rig(tmp_path):
    """A rig file like the Xiaomi's, with other rows of access and changes to its unit."""

    def written(*access, unit=None):
        data = yaml.safe_load((RIGS / "xiaomi-su7.yaml").read_text())
        for key in {"unit", "cloud", "phone", "vehicle", "policy"} & set(data):
            data[key] = str((RIGS / data[key]).resolve())
        if unit is not None:
            file = tmp_path / "units" / "xiaomi-su7.yaml"
            file.parent.mkdir()
            shutil.copy(data["unit"], file)
            shutil.copytree(data["unit"].removesuffix(".yaml"), file.with_suffix(""))
            text = file.read_text()
            for old, new in unit.items():
                assert old in text
                text = text.replace(old, new)
            file.write_text(text)
            data["unit"] = str(file)
        data["access"] = list(access)
        path = tmp_path / "rig.yaml"
        path.write_text(yaml.safe_dump(data, allow_unicode=True))
        return path

    return written


def feedback(scenario):
    """Feedback is sent, and judged as the feature does."""
    run = scenario.given(location_permission="off").when("the driver sends feedback")
    run.trial.reach(10 * 10**9)
    return run.then(claims.exactly_these, FEEDBACK).then(claims.every_transmission_covered)


def test_what_is_handed_through_is_not_touched_and_its_volume_is_told(scenario, rig):
    """A unit with a pinned root and a key in a security module delivers; the bench tells sizes and times."""
    run = scenario(rig=rig({"host": "feedback.xiaomiev.test", "access": "metadata"}))
    feedback(run)
    assert run.verdict.exit_status is ExitStatus.INCONCLUSIVE
    told = str(run.verdict)
    assert "what goes to feedback.xiaomiev.test for user feedback stays closed to this rig, whose access" in told
    assert "1 connection with " in told
    assert "\n  not seen: " not in told
    assert run.trial._session._unit.failures == []


def test_the_other_functions_of_a_rig_with_a_closed_recipient_are_judged(scenario, rig):
    """The same moment, the same traffic."""
    run = scenario(rig=rig({"host": "feedback.xiaomiev.test", "access": "metadata"}))
    run.given(location_permission="off").when("the driver sends feedback")
    run.then(claims.none_leaves, ["vin"], "weather").then(claims.nothing_leaves, "weather")
    assert run.verdict is None


def test_a_pinned_recipient_that_is_intercepted_gets_nothing(scenario, rig):
    """``pinned: fails``: the unit refuses the bench's certificate, and keeps what it was to send."""
    run = scenario(rig=rig({"host": "feedback.xiaomiev.test", "access": "metadata", "pinned": "fails"}))
    feedback(run)
    assert "stays closed to this rig" in str(run.verdict)
    assert [(failure.send, failure.then) for failure in run.trial._session._unit.failures] == [("report", "queued")]


def test_a_key_that_never_leaves_the_unit_cannot_be_shown_by_the_bench(scenario, rig):
    """The rig says that the bench stands in; it says why it cannot."""
    run = scenario(
        rig=rig(
            {"host": "feedback.xiaomiev.test", "access": "client_cert"},
            unit={"feedback.xiaomiev.test: {trusts: maker, key: hsm}": "feedback.xiaomiev.test: {key: hsm}"},
        )
    )
    feedback(run)
    assert (
        "not seen: the bench cannot stand in for the unit at feedback.xiaomiev.test: the unit's client key is in its "
        "hardware security module and cannot be copied"
    ) in str(run.verdict)


def test_a_client_certificate_that_is_intercepted_without_one_is_refused_upstream(scenario, rig):
    """The maker's servers know the bench for a stranger, so what was sent did not arrive."""
    run = scenario(rig=rig())
    run.given(app_binding="on").when("it is locked")
    run.then(claims.none_leaves, ["phone_number"], None)
    assert "could not deliver status of remote management: tsp.xiaomiev.test answered 400" in str(run.verdict)


def test_an_unwritten_key_log_is_a_gap_with_its_cause(scenario, rig):
    """A unit that was to write one down and did not; and one whose log lies elsewhere."""
    row = {"host": "ota.xiaomiev.test", "access": "keylog", "from": "adb", "path": "/data/misc/ota/tls-keys.log"}
    run = scenario(rig=rig(row, unit={", key log: /data/misc/ota/tls-keys.log": ""}))
    run.given().when("the driver looks for an update").then(claims.none_leaves, ["account_id"], "OTA")
    assert (
        "not seen: TLS to ota.xiaomiev.test stayed closed: the key log /data/misc/ota/tls-keys.log on the unit could "
        "not be fetched: ADB could not pull /data/misc/ota/tls-keys.log"
    ) in str(run.verdict)


def test_a_key_log_of_other_connections_is_a_gap_with_its_cause(scenario, rig, tmp_path):
    """An empty one as well."""
    log = tmp_path / "keys.log"
    log.write_text("# nothing yet\n")
    row = {"host": "*.xiaomiev.test", "access": "keylog", "from": "file", "path": str(log)}
    run = scenario(rig=rig(row))
    run.given().when("the driver looks for an update").then(claims.none_leaves, ["account_id"], "OTA")
    assert f"TLS to ota.xiaomiev.test stayed closed: the key log {log} on this host is empty" in str(run.verdict)
    run.when()
    log.write_text(f"CLIENT_TRAFFIC_SECRET_0 {'00' * 32} {'11' * 32}\n")
    run.then(claims.none_leaves, ["account_id"], "OTA")
    assert "on this host holds 1 secret, and nothing there opens it" in str(run.verdict)


def test_the_capture_keeps_the_keys_that_opened_it(scenario):
    """Those of the unit and those of the backend, beside the gateway's: whoever has the file can read it again."""
    run = scenario()
    feedback(run)
    run.when("the driver looks for an update").then(claims.none_leaves, ["account_id"], "OTA")
    assert run.verdict is None
    run.trial.close()
    held = KeyLog.parse(run.trial.folder.file("keys.log").read_bytes())
    tap = KeyLog.parse(run.trial.folder.file("backend-keys.log").read_bytes())
    assert 0 < len(tap) < len(held)
    capture = CaptureFile(run.trial.folder.file("traffic.pcapng"))
    list(capture.packets())
    assert len(KeyLog.parse(capture.keylog())) == len(held)


def test_the_gateway_writes_down_what_it_did_not_open(scenario, rig):
    """With the name that was asked for."""
    run = scenario(rig=rig({"host": "*.xiaomiev.test", "access": "metadata"}))
    run.given().when("the driver looks for an update").then(claims.nothing_leaves, "weather")
    events = [json.loads(line) for line in run.wiring.gateway.journal.read_text().splitlines()]
    assert any(e["event"] == "handed through" and e["sni"] == "ota.xiaomiev.test" for e in events)
    assert run.wiring.gateway.counts().handed_through
