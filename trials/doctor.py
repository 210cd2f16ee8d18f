"""``telltale doctor RIG``: whether every connection of a rig works, and which clauses it will be able to judge."""

from __future__ import annotations

import ssl
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from rich.console import Console

from policies.access import unobserved
from policies.prospects import forecast
from reports.checkup import ClauseRow, ConnectionRow, checkup_lines, checkup_tables
from reports.run_folder import RunFolder
from rigs.access import AccessRow
from rigs.checkup import Check, ask, asked, try_addresses
from rigs.drivers.adb import AdbDriver
from rigs.rigfile import RealRig, Rig
from rigs.vehicle import Action, Vehicle
from telltale.errors import ExitStatus, RigError, near_miss
from telltale.identity import Identities
from trials.keys import KeySources
from trials.observation import uncontrolled
from trials.scratch import scratch
from trials.setup import Setup
from trials.simulated import SimulatedBench
from trials.trial import Trial

INTERFACES = Path("/sys/class/net")
_NEEDS = {"can": "can", "io": "digital", "start": "adb", "on_phone": "phone", "app": "probe", "place": "gnss"}
"""Key of a vehicle file's action to the instrument that does it."""
_TOLD: Mapping[str, str] = {
    "intercept": "the bench's certificate stands in for its own",
    "client_cert": "the unit's own key is copied from it",
    "metadata": "sizes, times and names only",
}
"""What there is to say of an access that needs nothing fetched."""


def doctor(rig: Path, *, policy: Path | None, json_file: Path | None) -> ExitStatus:
    """Check the rig, print two tables, and tell whether something is wrong with it.

    :raises InputError: a file is wrong
    :raises NamespacesRefusedError: a simulated rig, and this host allows no sealed network
    """
    setup = Setup.read(rig, policy=policy, defects=())
    with scratch() as folder:
        if isinstance(setup.rig, RealRig):
            _announce(setup.rig)
            checks = list(_real(setup.rig, setup.vehicle, folder))
        else:
            checks = list(_simulated(setup, folder))
    checks += _exits(setup.rig)
    # which file it is was said on the command line
    said = ((c, c.says.replace(f"{setup.rig.path}:", f"{setup.rig.path.name}:")) for c in checks)
    connections = [ConnectionRow(connection=c.connection, tried=c.tried, state=c.state, says=s) for c, s in said]
    missing = {check.connection for check in checks if check.state == "missing"}
    clauses = [
        ClauseRow(clause=row.clause, prospect=row.prospect, because=row.because)
        for row in forecast(
            setup.policy,
            setup.rig.access_by_host,
            exits=setup.rig.unobserved,
            facts=unreachable_facts(setup.vehicle, missing),
            probe="probe" not in missing,
        )
    ]
    out = Console()
    print(checkup_tables(connections, clauses, width=out.width, colour=out.is_terminal))
    print(setup.caption)
    if json_file:
        json_file.write_text(checkup_lines([*connections, *clauses]), encoding="utf-8")
    return ExitStatus.VIOLATES if any(check.state == "wrong" for check in checks) else ExitStatus.COMPLIES


def unreachable_facts(vehicle: Vehicle, missing: set[str]) -> dict[str, str]:
    """Facts that no switch and no stimulus of the vehicle brings about without the *missing* instruments, and why."""
    ways: dict[str, list[list[str]]] = {}
    for name in vehicle.stimuli:
        actions = vehicle.stimulus(name)
        needs = {instrument for action in actions for instrument in _needs(action)}
        for fact in {fact for action in actions for fact in action.facts or {}}:
            ways.setdefault(fact, []).append(sorted(needs & missing))
    for switch in vehicle.switches.values():
        needs = {"adb" if switch.device == "car" else "phone"}
        ways.setdefault(switch.fact, []).append(sorted(needs & missing))
    fewest = {fact: min(lacks, key=len) for fact, lacks in ways.items()}
    return {fact: f"this rig has no {' and no '.join(lacks)}" for fact, lacks in fewest.items() if lacks}


def _needs(action: Action) -> Iterator[str]:
    yield from (_NEEDS[key] for key in action.model_fields_set if key in _NEEDS)


# --- a simulated rig ------------------------------------------------------------------------------------------------


def _simulated(setup: Setup, folder: Path) -> Iterator[Check]:
    """Set the whole bench up with a car on it, ask every instrument, and look whether all that is sent is seen."""
    run = RunFolder(folder, "doctor")
    with SimulatedBench() as bench, closing(bench.begin(setup, run)) as session:
        trial = Trial(session, setup=setup, folder=run, title="doctor", clauses=())
        trial.power_up(setup.vehicle.name)
        yield from ask(session.instruments, cloud=setup.vehicle.owners_app)
        gaps = list(trial.observe().gaps)
        for uplink in sorted(trial.uplinks):
            seen = uncontrolled(uplink) not in gaps
            says = "it was seen in the capture" if seen else gaps.pop(gaps.index(uncontrolled(uplink)))
            yield _check(f"uplink {uplink}", "sent a control transmission", says, well=seen)
        for gap in gaps:
            yield _check("capture", "took the accounts", gap, well=False)
        if not gaps:
            yield _check("capture", "took the accounts", "packets and streams add up")
        tap = run.file("backend-keys.log")
        yield from _access(setup.rig, KeySources(setup.rig.access, adb=session.instruments.needed_adb, tap=tap))


# --- a real rig -----------------------------------------------------------------------------------------------------


def _announce(rig: RealRig) -> None:
    """Say whom the checkup is about to ask, before it does."""
    told = f"Asks, as {rig.path.name} says, reading only: {'; '.join(asked(rig)) or 'nobody'}"
    print(textwrap.fill(told, Console().width, subsequent_indent="  ", break_on_hyphens=False), flush=True)


def _real(rig: RealRig, vehicle: Vehicle, folder: Path) -> Iterator[Check]:
    """Each address with its own driver, and the interfaces of the uplinks; nothing is switched on."""
    yield from try_addresses(rig, vehicle, logs=folder)
    if (known := rig.bench.identities) is not None:
        doubts = [line.partition("warning: ")[2] for line in Identities.load(known).doubts]
        yield _check("identities", f"read {known.name}", "; ".join(doubts) or "they are written as they should be")
    for uplink in rig.uplinks:
        yield _interface(f"uplink {uplink.name}", uplink.interface)
    with ExitStack() as stack:

        def adb() -> AdbDriver:
            if rig.addresses.adb is None:
                raise RigError("this rig has no `adb`")
            driver = AdbDriver(rig.addresses.adb)
            stack.callback(driver.close)
            return driver

        yield from _access(rig, KeySources(rig.access, adb=adb))


def _interface(name: str, interface: str) -> Check:
    """How the kernel says that a network interface stands (Linux, ``Documentation/ABI/testing/sysfs-class-net``)."""
    tried = f"looked at {interface}"
    try:
        state = (INTERFACES / interface / "operstate").read_text(encoding="ascii").strip()
    except OSError:
        known = [path.name for path in INTERFACES.iterdir()] if INTERFACES.is_dir() else []
        return _check(
            name, tried, f"this host has no interface `{interface}`" + near_miss(interface, known), well=False
        )
    if state == "down":
        return _check(name, tried, f"it is down; check the cable, or `ip link set {interface} up`", well=False)
    return _check(name, tried, f"it is {state}")


# --- both -----------------------------------------------------------------------------------------------------------


def _access(rig: Rig, sources: KeySources) -> Iterator[Check]:
    """How each recipient with an access row of its own is to be opened, and whether that can work."""
    fetched = sources.fetch()
    for row in rig.access:
        name = f"access to {row.host}"
        if row.host in fetched.state:
            yield _check(name, row.access, fetched.state[row.host], well=row.host not in fetched.failed)
        elif row.certificate is not None:
            yield _certificate(name, row, row.certificate)
        else:
            yield _check(name, row.access, _TOLD[row.access])


def _certificate(name: str, row: AccessRow, path: Path) -> Check:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(path)
    except (OSError, ssl.SSLError) as error:
        reason = " ".join(str(error).split())
        mend = "it must hold the unit's certificate and its unencrypted key"
        return _check(name, row.access, f"{path} is no client certificate: {reason}; {mend}", well=False)
    return _check(name, row.access, f"{path.name} holds a certificate and its key")


def _exits(rig: Rig) -> Iterator[Check]:
    for name, state in rig.exits.items():
        if state == "unobserved":
            yield Check(connection=f"exit {name}", tried="as the rig file says", state="missing", says=unobserved(name))
        else:
            yield _check(f"exit {name}", "as the rig file says", state)


def _check(connection: str, tried: str, says: str, *, well: bool = True) -> Check:
    return Check(connection=connection, tried=tried, state="ok" if well else "wrong", says=says)
