"""The gateway's process: mitmproxy's master with the few addons that a gateway needs.

Started by `captures.gateway.gateway`, with the settings file as its argument and the control line as ``control``.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.addons.tlsconfig import TlsConfig
from mitmproxy.connection import Client
from mitmproxy.master import Master
from mitmproxy.options import Options

from captures.gateway.addons.chronicle import Chronicle
from captures.gateway.addons.destinations import Destinations
from captures.gateway.addons.faults import Faults
from captures.gateway.addons.line import Line
from captures.gateway.addons.passage import Passage
from captures.gateway.addons.patience import Patience
from captures.gateway.addons.pinning import Pinning
from captures.gateway.addons.protocols import Protocols
from captures.gateway.addons.resolver import Resolver
from captures.gateway.addons.streaming import Streaming
from captures.gateway.addons.tally import Tally
from captures.gateway.journal import Journal
from captures.gateway.mending import mend
from captures.gateway.names import NameTable
from captures.gateway.settings import Settings
from telltale.processes import inherited


def options(settings: Settings) -> dict[str, Any]:
    """mitmproxy's options, but for the folder of its CA."""
    return {
        "mode": list(settings.modes),
        "connection_strategy": "eager",  # a cloud that speaks first is heard, ALPN and refused connects are mirrored
        "http2": True,
        "rawtcp": True,
        "websocket": False,  # handed through raw after the upgrade: mitmproxy would hold a message until it is complete
        "validate_inbound_headers": False,  # what the cloud would take, the gateway takes
        "tls_version_client_min": "UNBOUNDED",  # old telematics units are heard too
        "tls_version_server_min": "UNBOUNDED",
        "ssl_insecure": settings.upstream_ca is None,
        "ssl_verify_upstream_trusted_ca": settings.upstream_ca,
    }


async def run(settings: Settings, control: socket.socket) -> None:
    """Be the gateway until the bench hangs up, or SIGTERM."""
    journal = Journal(settings.journal)
    faults = Faults(journal)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger().addHandler(faults)
    table = NameTable(settings.names, settings.unknown_names)
    proxyserver, resolver, pinning = Proxyserver(), Resolver(table, journal), Pinning(journal)
    tally = Tally(proxyserver, resolver, pinning, faults)
    passage = Passage(settings.client_certificates, table, journal)
    destinations = Destinations(journal, confined=settings.confined)

    def watch(client: Client, from_unit: bool, size: int) -> None:  # noqa: FBT001 - a `Watch`
        tally.raw_passed(client, from_unit, size)
        pinning.raw_passed(client, from_unit, size)

    mend(watch)

    master = Master(Options(confdir=str(settings.authority)))  # first of all, or the home gets a CA when another fails
    master.addons.add(
        proxyserver,
        Protocols(watch),
        Patience(proxyserver.connections),
        TlsConfig(),
        passage,  # after what prepares a handshake, before what counts it
        Streaming(tally.body_passed),
        resolver,
        tally,
        pinning,
        Chronicle(journal),
        destinations,  # after those who want to know where the unit meant to go
        Line(control, proxyserver, tally, table, passage=passage, destinations=destinations),
    )
    master.options.update(**options(settings))
    journal.write(
        "started",
        mitmproxy=importlib.metadata.version("mitmproxy"),
        modes=list(settings.modes),
        upstream_certificates="checked" if settings.upstream_ca else "not checked",
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, master.shutdown)
    try:
        await master.run()
    finally:
        journal.write("ended")
        logging.getLogger().removeHandler(faults)
        journal.close()


def main() -> None:
    """Entry point of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the bench's business, which hangs up in its own time
    control = socket.socket(fileno=inherited("control"))
    asyncio.run(run(Settings.load(Path(sys.argv[1])), control))


if __name__ == "__main__":
    main()
