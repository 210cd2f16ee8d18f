"""Client keys, pinned roots and key logs of simulated units, against a simulated cloud over real TLS."""

import pytest

from rigs.addresses import AdbAddress
from rigs.drivers.adb import AdbDriver
from rigs.sim.certificates import CloudAuthority
from rigs.sim.client_keys import ClientAuthority
from telltale.errors import InputError, RigError

CLOUD = """
    cloud: maker
    operated by: Maker
    sinks:
      telematics: {at: "https://tsp.x.test"}
      updates: {at: "https://ota.x.test"}
    tls:
      tsp.x.test: {client certificate: required}
"""
UNIT = """
    unit: car
    made by: Maker
    uplink: cellular
    state: {ignition: {default: off, can: VehicleStatus.Ignition, values: {Off: off, Run: on}}}
    tls: {HOST: ROW}
    functions:
      telematics:
        while: {ignition: on}
        sends:
          status: {at: start, post: "https://HOST/v1", json: {hello: world}}
"""


@pytest.fixture
def started(bench):
    """Starts the unit with a row for a host; drives off, and returns what could not be sent."""
    bench.start_cloud(CLOUD)

    def start(host, row, **ports):
        bench.start_unit(UNIT.replace("HOST", host).replace("ROW", row), **ports)
        bench.send("VehicleStatus", Ignition="Run")
        return [failure.reason for failure in bench.unit.failures]

    return start


@pytest.mark.parametrize("kind", ["exportable", "hsm"])
def test_a_host_that_asks_for_a_client_certificate_serves_a_unit_with_a_key(started, kind):
    """Wherever the key is."""
    assert started("tsp.x.test", f"{{key: {kind}}}") == []


def test_a_host_that_asks_for_a_client_certificate_refuses_a_unit_without_one(started):
    """As web servers do: 400 after the handshake."""
    assert started("tsp.x.test", "{trusts: maker}") == ["tsp.x.test answered 400"]


def test_a_certificate_of_another_authority_is_none(bench, started, tmp_path):
    """A key that anybody made opens nothing."""
    stranger = ClientAuthority(tmp_path / "strangers").issue("unit", exportable=True)
    bench.client_keys = {"exportable": stranger}
    [reason] = started("tsp.x.test", "{key: exportable}")
    assert "answered 400" not in reason


def test_a_pinned_unit_trusts_its_makers_root_alone(bench, started, tmp_path):
    """With the bench's authority installed, the maker's own servers are still reached."""
    bench.bench_authorities = CloudAuthority.create(tmp_path / "bench").certificate
    assert started("ota.x.test", "{trusts: maker}") == []
    assert started("ota.x.test", "{trusts: bench}") == []


def test_an_engineering_build_writes_its_keys_where_adb_can_fetch_them(bench, started, tmp_path):
    """And the backend's terminator writes the same secrets."""
    assert started("ota.x.test", "{key log: /data/misc/keys.log}", **bench.open_ports()) == []
    adb = AdbDriver(AdbAddress(tcp="{}:{}".format(*bench.adb_address)))
    try:
        adb.pull("/data/misc/keys.log", tmp_path / "keys.log")
    finally:
        adb.close()
    logged = {line for line in (tmp_path / "keys.log").read_text().splitlines() if not line.startswith("#")}
    assert any(line.startswith("CLIENT_TRAFFIC_SECRET_0 ") for line in logged)
    assert logged <= set((bench.folder / "backend-keys.log").read_text().splitlines())


def test_a_key_in_a_security_module_cannot_be_copied(tmp_path):
    """An exportable one can, into a file of the bench's alone."""
    authority = ClientAuthority(tmp_path)
    copied = authority.issue("car", exportable=True).export(tmp_path)
    assert copied.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE KEY" in copied.read_text()
    with pytest.raises(RigError, match="is in its hardware security module and cannot be copied"):
        authority.issue("car", exportable=False).export(tmp_path)


def test_a_unit_without_the_key_that_its_file_names_is_refused(bench, started):
    """Before it boots."""
    bench.client_keys = {}
    with pytest.raises(InputError, match="needs a client key of kind `hsm`, and was given none"):
        started("tsp.x.test", "{key: hsm}")
