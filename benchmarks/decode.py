"""How fast captures become transmissions: ``python benchmarks/decode.py [MEGABYTES]``.

Three captures are made in memory with the traffic maker of the tests (a TLS 1.3 upload in segments of 1,400 bytes, as
many random bytes in plain TCP, one connection with 6,000 GB/T 32960 reports) and decoded three times each. Printed is
the best processor time, which a busy machine does not change.
"""

from __future__ import annotations

import functools
import importlib.util
import operator
import os
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType

from captures.decode import KeyLog, decode
from captures.decode.flows import Flows
from captures.decode.link import Links
from captures.pcapng import Packet

TRAFFIC = Path(__file__).parents[1] / "tests" / "captures" / "decode" / "conftest.py"
REPORTS = 6000


def traffic() -> ModuleType:
    spec = importlib.util.spec_from_file_location("traffic", TRAFFIC)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def report() -> bytes:
    data = (
        bytes([26, 11, 22, 14, 0, 5])
        + b"\1"
        + bytes(20)
        + b"\5\0"
        + (116_407_400).to_bytes(4)
        + (39_904_200).to_bytes(4)
    )
    inner = b"\2\xfe" + b"LTESTVIN000000017" + b"\1" + len(data).to_bytes(2) + data
    return b"##" + inner + bytes([functools.reduce(operator.xor, inner)])


def reassemble(packets: Iterable[Packet]) -> None:
    links, flows = Links(), Flows()
    for packet in packets:
        flows.add(links.unwrap(packet), packet)
    for conversation in flows:
        for direction in conversation.directions:
            direction.runs()


def main(megabytes: int) -> None:
    maker = traffic()
    size = megabytes << 20
    with tempfile.TemporaryDirectory() as folder:
        bench = maker.TlsBench(Path(folder)).version(ssl.TLSVersion.TLSv1_3)
        wire = maker.Wire()
        session = maker.Tls(wire.connect(), bench)
        head = b"POST /v1/video HTTP/1.1\r\nHost: cloud.example\r\nContent-Length: %d\r\n\r\n" % size
        session.send(0, head + os.urandom(size))
        session.send(1, b"HTTP/1.1 204 No Content\r\n\r\n")
        session.close()
        keylog = KeyLog.parse(bench.keylog)
    rows = [("HTTPS upload, TLS 1.3", wire.packets, size)]
    raw = maker.Wire()
    connection = raw.connect()
    connection.client(os.urandom(size))
    connection.close()
    rows.append(("raw TCP", raw.packets, size))
    reports = maker.Wire()
    connection = reports.connect(server=("203.0.113.10", 32960))
    for _ in range(REPORTS):
        connection.client(report())
    connection.close()
    for name, packets, count in rows:
        spent = best(lambda packets=packets: decode(packets, keylog=keylog, uplinks={}))
        alone = best(lambda packets=packets: reassemble(packets))
        print(
            f"{name:24} {count / 1e6:6.0f} MB {len(packets):7} packets {spent:6.2f} s {count / spent / 1e6:6.0f} MB/s"
            f"   links and reassembly alone {count / alone / 1e6:6.0f} MB/s"
        )
    spent = best(lambda: decode(reports.packets, keylog=keylog, uplinks={}))
    print(f"{'GB/T 32960 reports':24} {REPORTS:6} {spent:25.2f} s {REPORTS / spent:8.0f} frames/s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 64)
