"""What becomes of a real bench when things go wrong: it ends safe, readable, with one line that says why."""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from rigs.rigfile import load_rig
from telltale.errors import InputError
from trials.real import RealBench

pytestmark = [pytest.mark.xdist_group("real"), pytest.mark.usefixtures("sealed_host")]

ROOT = Path(__file__).parents[2]
RIG = ROOT / "rigs/xiaomi-su7.yaml"
PATIENCE = 120
FEATURE = """\
Feature: Short
  @XM-08-01
  Scenario: Nothing for a moment
    Given a Xiaomi car with the location permission off
    When {time} have passed
    Then no VIN leaves the car for the weather
"""


@pytest.fixture
def scenario(tmp_path):
    def write(time="1 second"):
        path = tmp_path / "short.feature"
        path.write_text(FEATURE.format(time=time))
        return path

    return write


def wait_for(condition, what):
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.05)


@contextmanager
def waiting_run(peers, scenario):
    """A run on the bench host that waits for minutes; the car is on."""
    process = peers.start_on_host(peers.command(scenario("10 minutes"), "--rig", peers.rig_file()))
    try:
        wait_for(lambda: list(peers.folder.glob("runs/*/can.blf")), "the run did not begin")
        wait_for(lambda: peers.peers.supply.output, "the car was not powered up")
        wait_for(lambda: _placed(peers), "the car was not placed")
        yield process
    finally:
        process.signal(signal.SIGKILL)


def _placed(peers):
    return any("GPRMC" in file.read_text() for file in peers.folder.glob("runs/*/gnss.log"))


def verdict(peers):
    (file,) = peers.folder.glob("runs/*/run.json")
    return json.loads(file.read_text())["verdict"]


def test_an_instrument_that_dies_in_mid_run_makes_it_inconclusive_with_the_cause(round_the_bench, scenario):
    """The CAN adapter's cable is pulled while time passes; everything else lives, and the unit is off at the end."""
    with round_the_bench(RIG) as peers:
        process = peers.start_on_host(peers.command(scenario("4 seconds"), "--rig", peers.rig_file()))
        wait_for(lambda: _placed(peers), "the car was not placed")
        peers.lab["can"].cut()
        status = process.wait(PATIENCE)
        said = process.output.read_text()
        assert status == 3, said
        assert "not seen: the CAN bus failed: the CAN bus " in said
        assert "Traceback" not in said
        assert not peers.peers.supply.output


def test_ctrl_c_leaves_the_bench_safe_and_the_run_folder_readable(round_the_bench, scenario):
    with round_the_bench(RIG) as peers, waiting_run(peers, scenario) as process:
        process.signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 2  # pytest's own
        assert not peers.peers.supply.output
        assert verdict(peers) == "inconclusive"
        (capture,) = peers.folder.glob("runs/*/traffic.pcapng")
        assert capture.stat().st_size > 0
        tables = peers.on_host([sys.executable, "-c", TABLES])
        assert tables == (0, "['bench']\n")


def test_a_killed_run_leaves_the_supply_off_and_no_redirection(round_the_bench, scenario):
    """Nobody cleans up but the guardian and the kernel."""
    with round_the_bench(RIG) as peers, waiting_run(peers, scenario) as process:
        assert peers.on_host([sys.executable, "-c", TABLES])[1] == "['bench', 'telltale-br-cell0']\n"
        process.signal(signal.SIGKILL)
        wait_for(lambda: not peers.peers.supply.output, "the supply stayed on")
        assert peers.on_host([sys.executable, "-c", TABLES]) == (0, "['bench']\n")


TABLES = """
from pyroute2.netlink.nfnetlink.nftsocket import NFPROTO_INET
from pyroute2.nftables.main import NFTables
with NFTables(nfgen_family=NFPROTO_INET) as nft:
    print(sorted(table.get_attr("NFTA_TABLE_NAME") for table in nft.get_tables()))
"""


def test_an_uplink_without_a_control_proves_nothing_by_silence(round_the_bench, scenario):
    with round_the_bench(RIG) as peers:
        path = peers.rig_file()
        text = path.read_text()
        path.write_text(re.sub(r"  control:\n    address: 192.168.43.250/24\n", "", text))
        status, said = peers.run(scenario(), "--rig", path)
        assert status == 3, said
        assert (
            "not seen: no control transmission can be sent over wifi: its row in the rig file names no `control`"
            in said
        )
        assert "over cellular was not seen" not in said


def test_a_rig_in_use_is_told_and_so_are_wrong_addresses_with_their_line(round_the_bench, scenario):
    """One car, one host, several slips."""
    with round_the_bench(RIG) as peers:
        path = peers.rig_file(power={"visa": "TCPIP::127.0.0.1::1::SOCKET", "ceiling": {"voltage": 14, "current": 5}})
        line = path.read_text().splitlines().index("power:") + 1
        status, said = peers.run(scenario(), "--rig", path)
        assert status == 2, said
        assert f"{path}:{line}: no supply at TCPIP::127.0.0.1::1::SOCKET" in said
        path = peers.rig_file(modem={"port": "/dev/not-there"}, boot="1 s")
        line = path.read_text().splitlines().index("modem:") + 1
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - held open for its lock
            fcntl.flock(file, fcntl.LOCK_EX)
            status, said = peers.run(scenario(), "--rig", path)
            assert status == 3, said
            assert f"{path} is in use by another run" in said
        status, said = peers.run(scenario(), "--rig", path)
        assert status == 2, said
        assert f"{path}:{line}: the serial port /dev/not-there cannot be opened" in said
        assert not peers.peers.supply.output


RIG_TEXT = f"""\
rig: bench
kind: real
vehicle: {ROOT}/rigs/vehicles/xiaomi-su7.yaml
policy: {ROOT}/policies/xiaomi-ev-2025-06
identities: ids.yaml
ca: ca
uplinks:
  - {{name: cellular, kind: cellular, interface: lo}}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "complaint"),
    [
        ("interface: lo", "interface: l0", 8, "this host has no interface `l0`"),
        ("ca: ca\n", "", 1, "`ca` is missing, which scenarios on a real rig need: make one with `telltale ca FOLDER`"),
        ("ca: ca\n", "ca: nowhere\n", 6, "holds no CA of a bench; make one with `telltale ca "),
        ("identities: ids.yaml\n", "", 1, "`identities` is missing"),
    ],
)
def test_a_bench_that_lacks_what_it_takes_says_what_and_where(tmp_path, old, new, line, complaint):
    (tmp_path / "ids.yaml").write_text("vin: LNBSCB3F6A0D00001\n")
    path = tmp_path / "real.yaml"
    path.write_text(RIG_TEXT.replace(old, new))
    with pytest.raises(InputError, match=re.escape(complaint)) as raised, RealBench(load_rig(path)):
        pass
    assert str(raised.value).startswith(f"{path}:{line}: ")


def test_without_the_rights_of_a_router_one_line_says_which_are_missing():
    """As root of nothing: an ordinary user's capabilities are empty."""
    program = (
        "import encodings.ascii, os\nfrom rigs.router import host\n"
        "os.geteuid() or os.setresuid(65534, 65534, 65534)\n"
        "try:\n    host.check_rights()\nexcept Exception as error:\n    print(type(error).__name__, error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == (
        "HostRefusedError a real rig redirects and captures its uplinks, which needs CAP_NET_ADMIN, CAP_NET_RAW, "
        "CAP_SYS_ADMIN; run as root\n"
    )


def test_a_proof_is_refused_on_a_real_rig(tmp_path, run_pytest):
    (tmp_path / "ids.yaml").write_text("vin: LNBSCB3F6A0D00001\n")
    path = tmp_path / "real.yaml"
    path.write_text(RIG_TEXT)
    done = run_pytest(ROOT / "features/xiaomi-ev-2025-06/weather.feature", "--prove", "--rig", path, folder=tmp_path)
    assert done.status == 2
    assert done.lines(f"{path}:2: a proof seeds defects, which takes a simulated rig; this one is real")
