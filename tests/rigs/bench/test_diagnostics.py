"""udsoncan and can-isotp against the simulated unit's diagnosis, over a real socketcand bus."""

import sys
import threading

import pytest

from rigs.diagnosis import Diagnosis, Identifier, Security, fault_name, fault_number
from rigs.drivers.can import CanDriver
from rigs.drivers.diagnostics import UdsClient
from rigs.protocols import Fault
from rigs.sim.peers.canhub import CAN_FRAME, EXTENDED
from rigs.sim.unit.uds import CanTransport, DiagnosticServer
from telltale.errors import InputError, RigError

MASK = 0x5EC0DE42
LONG = "a text of more than fifty-six bytes, so that it takes more than one block of frames"
FILE = {
    "identifiers": {
        "VIN": {"id": 0xF190, "holds": "vin", "text": None, "writable": True},
        "note": {"id": 0x0101, "holds": None, "text": LONG, "writable": False},
        "position": {"id": 0x0102, "holds": "position", "text": None, "writable": False},
    },
    "security": {"level": 1, "mask": MASK},
}
DIAGNOSIS = Diagnosis(
    request=0x7E0,
    response=0x7E8,
    identifiers={name: Identifier(id=row["id"]) for name, row in FILE["identifiers"].items() if name != "VIN"},
    security=Security(mask=MASK),
)


class Played:
    """A unit that has nothing but its diagnosis."""

    def __init__(self, sock, diagnosis, file):
        self.values = {"vin": "LNB00000000000001"}
        self.told = []
        self.deaf = False
        self.server = DiagnosticServer(
            file,
            faults=["P0A80", "U0401"],
            read=self.values.__getitem__,
            write=self.values.__setitem__,
            on_session=self.told.append,
            on_cleared=lambda: self.told.append("cleared"),
            on_reset=lambda: self.told.append("reset"),
        )
        self.transport = CanTransport(
            self.server, request=diagnosis.request, response=diagnosis.response, send=self.send
        )
        self.sock = sock
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def send(self, identifier, data):
        self.sock.send(CAN_FRAME.pack(identifier | (EXTENDED if identifier > 0x7FF else 0), len(data), data))

    def serve(self):
        while frame := self.sock.recv(72):
            identifier, length, data = CAN_FRAME.unpack(frame)
            if identifier & 0x1FFFFFFF == self.transport.request and not self.deaf:
                self.transport.take(data[:length])


@pytest.fixture
def driver(addresses, database):
    made = CanDriver(addresses.can, database)
    yield made
    made.close()


@pytest.fixture
def played(host):
    units = []
    sockets = []

    def play(diagnosis=DIAGNOSIS, file=FILE):
        sock = host.plug_can()
        sockets.append(sock)
        units.append(Played(sock, diagnosis, file))
        return units[-1]

    yield play
    host.can.detach()
    for unit in units:
        unit.thread.join(10)
    for sock in sockets:
        sock.close()


@pytest.fixture
def unit(played):
    return played()


@pytest.fixture
def client(driver, unit):  # noqa: ARG001 - it answers
    return UdsClient(driver, DIAGNOSIS)


def test_data_identifiers_are_read_in_as_many_frames_as_they_take(client):
    """One frame, several, and several blocks with flow control between."""
    assert client.read("VIN") == "LNB00000000000001"
    assert client.read("note") == LONG


def test_a_vin_is_written_in_the_extended_session_with_security_access(client, unit):
    """And read back; afterwards the unit is in its default session again."""
    client.write("VIN", "LNB00000000000002")
    assert unit.values["vin"] == "LNB00000000000002"
    assert unit.told == ["extended", "default"]


def test_extended_identifiers_work_as_well(driver, played):
    """29 bits, as many makers use."""
    diagnosis = Diagnosis(request=0x18DA10F1, response=0x18DAF110)
    played(diagnosis, {**FILE, "security": None})
    client = UdsClient(driver, diagnosis)
    client.write("VIN", "LNB00000000000003")
    assert client.read("VIN") == "LNB00000000000003"


def test_faults_are_read_and_cleared(client, unit):
    """Codes as SAE J2012 writes them."""
    assert client.faults() == (Fault("P0A80", confirmed=True), Fault("U0401", confirmed=True))
    client.clear_faults()
    assert client.faults() == ()
    assert unit.told == ["cleared"]


def test_a_reset_is_done_when_the_unit_answers_again(client, unit):
    """The answer comes before the restart."""
    client.reset()
    assert unit.told == ["reset"]


def test_an_answer_is_a_sign_of_life_and_silence_none(client, unit, caplog):
    """A second of silence is enough, and no error in anybody's log: who asked is told."""
    assert client.answers()
    unit.deaf = True
    assert not client.answers()
    assert not caplog.records


@pytest.mark.parametrize(
    ("security", "reason"),
    [(None, "SecurityAccessDenied"), (Security(mask=1), "InvalidKey"), (Security(level=3, mask=MASK), "SubFunction")],
)
def test_a_unit_that_refuses_is_told_with_the_standards_name(driver, unit, security, reason):
    """And nothing is written."""
    client = UdsClient(driver, DIAGNOSIS.model_copy(update={"security": security}))
    with pytest.raises(RigError, match=rf"the unit refused to .* over diagnosis: {reason}"):
        client.write("VIN", "LNB00000000000002")
    assert unit.values["vin"] == "LNB00000000000001"


def test_a_value_that_the_unit_lacks_and_an_identifier_that_is_read_only_are_refused(client):
    """conditionsNotCorrect, requestOutOfRange."""
    with pytest.raises(RigError, match=r"refused to read position over diagnosis: ConditionsNotCorrect"):
        client.read("position")
    with pytest.raises(RigError, match=r"refused to write note over diagnosis: RequestOutOfRange"):
        client.write("note", "x")


def test_a_value_of_the_wrong_length_is_refused(client):
    """A VIN has 17 characters."""
    with pytest.raises(RigError, match=r"IncorrectMessageLength"):
        client.write("VIN", "LNB")


def test_an_identifier_that_nobody_named_is_an_error_of_the_vehicle_file(client):
    """With the near-miss."""
    with pytest.raises(InputError, match=r"names no data identifier `vin`; known: .*`VIN`"):
        client.read("vin")


def test_a_unit_that_does_not_answer_is_told(driver, unit, monkeypatch):
    """Within the time that is given."""
    monkeypatch.setattr("rigs.drivers.diagnostics._ANSWER", 0.2)
    client = UdsClient(driver, DIAGNOSIS)
    unit.deaf = True
    with pytest.raises(RigError, match=r"the unit did not read VIN over diagnosis"):
        client.read("VIN")


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        ("23", "7f2311"),
        ("10", "7f1013"),
        ("1002", "7f1012"),
        ("3e80", None),
        ("3e00", "7e00"),
        ("22f1", "7f2213"),
        ("22ffff", "7f2231"),
        ("2ef19041", "7f2e7f"),
        ("2701", "7f277f"),
        ("1901", "7f1912"),
        ("14ffff", "7f1413"),
        ("14000001", "7f1431"),
        ("1102", "7f1112"),
    ],
)
def test_the_server_refuses_as_the_standard_has_it(unit, request_, response):
    """ISO 14229-1: service, length, sub-function, session, range."""
    assert (unit.server.answer(bytes.fromhex(request_)) or b"").hex() == (response or "")


def test_a_key_counts_once_and_only_after_its_seed(unit):
    """requestSequenceError, invalidKey."""
    unit.server.answer(bytes.fromhex("1003"))
    assert unit.server.answer(bytes.fromhex("270200000000")).hex() == "7f2724"
    seed = unit.server.answer(bytes.fromhex("2701"))[2:]
    assert unit.server.answer(bytes.fromhex("2702") + seed).hex() == "7f2735"
    assert unit.server.answer(bytes.fromhex("2702") + seed).hex() == "7f2724"


def test_fault_codes_translate_both_ways():
    """The letter stands in the two highest bits."""
    for name, number in (("P0A80", 0x0A8000), ("U0401-86", 0xC40186), ("B1234", 0x923400), ("C3FFF-01", 0x7FFF01)):
        assert fault_number(name) == number
        assert fault_name(number) == name
    with pytest.raises(ValueError, match=r"`P9999` is no fault code"):
        fault_number("P9999")


def test_a_makers_own_program_may_make_the_key(tmp_path):
    """Its last argument is the seed in hex, and it prints the key."""
    program = tmp_path / "key.py"
    program.write_text("import sys\nprint(bytes.fromhex(sys.argv[1])[::-1].hex())\n")
    assert Security(program=[sys.executable, str(program)]).key(b"\1\2\3\4") == b"\4\3\2\1"
    with pytest.raises(InputError, match=r"`/nowhere/key` makes no key"):
        Security(program=["/nowhere/key"]).key(b"\1")


def test_identifiers_have_a_form():
    """Text, hex, and numbers, which cannot be written for want of a length."""
    assert Identifier(id=1, form="number").decoded(b"\x01\x00") == "256"
    assert Identifier(id=1, form="hex").encoded("0102") == b"\1\2"
    assert Identifier(id=1).decoded(b"1.6\0\0") == "1.6"
    with pytest.raises(InputError, match=r"cannot be written to the data identifier 0001 as number"):
        Identifier(id=1, form="number").encoded("5")
