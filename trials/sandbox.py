"""``telltale sandbox -- COMMAND``: any program as the unit, inside the sealed bench.

Every name resolves to a cloud that answers everything; all the program sends is captured, decoded and searched for the
identities. With a policy it is judged; without one it is listed.
"""

from __future__ import annotations

import base64
import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from captures.sightings import Engine
from policies import Policy, load_policy
from policies.terms import items_named
from reports.audit_lines import clean, seen_lines
from reports.jsonlines import sighting_line
from reports.overview import Overview
from reports.run_folder import RunFolder
from telltale.errors import ExitStatus, InputError
from telltale.identity import Identities
from telltale.processes import Process
from telltale.timeline import Timeline
from trials.covering import Covering
from trials.observation import Observation, look
from trials.scratch import scratch
from trials.wiring import Wiring

CA_VARIABLES = ("TELLTALE_CA", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""The bench's certificate authority as a PEM file: for a program's own options, and as common programs look for it."""
SPKI_VARIABLE = "TELLTALE_CA_SPKI"
"""The same as base64 of the SHA-256 of its public key, as Chromium's ``--ignore-certificate-errors-spki-list`` takes
it, and as RFC 7469, section 2.4, has it."""


def sandbox(
    command: Sequence[str],
    *,
    identities: Path,
    policy: Path | None,
    json_file: Path | None,
    reveal: bool,
    runs: Path,
) -> ExitStatus:
    """Run *command* as the unit; its own standard streams stay those of the terminal.

    :raises InputError: no command, or bad files
    :raises RigError: the bench could not be set up
    """
    if not command:
        raise InputError("no command: write it after `--`, e.g. telltale sandbox --identities ids.yaml -- curl …")
    known = Identities.load(identities)
    for line in known.doubts:
        print(f"telltale: {line}", file=sys.stderr)
    judged_by = load_policy(policy) if policy else None
    folder = RunFolder(runs, f"sandbox {Path(command[0]).name}")
    console = Console(stderr=True)
    with scratch() as bench, Wiring.open(bench, catch_all=True) as wiring:
        if wiring.network.quic_refused:
            console.print(f"QUIC is {wiring.quic}", style="yellow", highlight=False)
        wiring.begin(folder.file("traffic.pcapng"))
        controls = [wiring.control(uplink) for uplink in wiring.uplinks.values()]
        program = wiring.spawn_unit(
            command,
            env={**os.environ, **trust(wiring.gateway.ca_certificate)},
            streams=(sys.stdin.fileno(), sys.stdout.fileno(), sys.stderr.fileno()),
        )
        status = _wait(program, console)
        controls += [wiring.control(uplink) for uplink in wiring.uplinks.values()]
        taken = wiring.take_stock()
        wiring.seal(taken.keylog)
        seen = look(
            folder.file("traffic.pcapng"),
            keylog=taken.keylog,
            uplinks=wiring.uplinks,
            units=wiring.unit_addresses,
            clock=None,
            engine=Engine(known, by_name=items_named(judged_by) if judged_by else ()),
            controls=controls,
            counts=taken.counts,
            causes=taken.causes,
            names=taken.names,
            senders=wiring.senders,
            remarks=taken.remarks,
        )
    if status:
        console.print(f"{command[0]} ended with {status}", style="yellow", highlight=False)
    return _report(seen, folder, known, judged_by, json_file, reveal=reveal)


def trust(certificate: Path) -> dict[str, str]:
    """Environment variables that let a program trust the bench's certificate authority."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    pin = base64.b64encode(hashlib.sha256(spki).digest()).decode()
    return {**dict.fromkeys(CA_VARIABLES, str(certificate)), SPKI_VARIABLE: pin}


def _report(
    seen: Observation,
    folder: RunFolder,
    known: Identities,
    policy: Policy | None,
    json_file: Path | None,
    *,
    reveal: bool,
) -> ExitStatus:
    capture = folder.file("traffic.pcapng")
    secrets = () if reveal else tuple(i.value for i in known if isinstance(i.value, str))
    overview = Overview(secrets, reveal=reveal)
    covering = Covering(policy, Timeline()) if policy else None
    lines = []
    for transmission in seen.transmissions:
        sightings = seen.sightings_in(transmission)
        verdicts = covering.add(transmission, sightings) if covering else None
        overview.add(transmission, sightings, verdicts)
        name = overview.name(transmission.recipient, sightings)
        lines += [sighting_line(capture.name, transmission, s, reveal=reveal, recipient=name) for s in sightings]
    if json_file:
        json_file.write_text("".join(line + "\n" for line in lines), encoding="utf-8", errors="backslashreplace")
    out = Console()
    concluded = covering.conclude(seen.gaps) if covering else None
    gaps = concluded.gaps if concluded else seen.gaps
    source = f"capture: {capture}"
    for line in seen_lines(overview, gaps, source=source, width=out.width, colour=out.is_terminal, secrets=secrets):
        print(line)
    if concluded is None:
        return ExitStatus.INCONCLUSIVE if seen.gaps else ExitStatus.COMPLIES
    print("\n".join(clean(line, secrets) for line in concluded.lines))
    return concluded.verdict.exit_status


def _wait(program: Process, console: Console) -> int:
    """Exit status of the program; a spinner shows on a terminal that the bench is alive."""
    columns = (SpinnerColumn(), TextColumn("the program runs"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        progress.add_task("program", total=None)
        while True:
            try:
                return program.wait(0.25)
            except TimeoutError:
                continue
