"""Upload through the bench against the same upload through bare mitmdump, in interleaved pairs.

    python benchmarks/throughput.py [--pairs 30] [--megabytes 64] [--streaming]

Both go from a unit to a cloud in a sealed network of their own, over TLS opened by mitmproxy in transparent mode.
*Bench* is the gateway with its addons, with every packet captured and the TLS keys written; *bare* is `mitmdump` as
it comes, or with `--streaming` told to stream bodies over 1 MB, as the bench does. Printed are the median ratio of the
pairs (bench speed / bare speed) with a 95 % bootstrap interval, lost packets and what the accounting leaves over.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from rich.progress import track

from captures.decode import KeyLog, decode
from captures.pcapng import CaptureFile
from rigs.sim.catchall import CatchAllCloud
from rigs.sim.certificates import CloudAuthority
from rigs.sim.network import CatchAll, SealedNetwork
from trials.wiring import CATCH_ALL_PORT, Wiring

CLIENT = """
import socket, ssl, sys, time
size = int(sys.argv[1]) << 20
context = ssl.create_default_context(cafile=sys.argv[2])
block = bytes(1 << 16)
start = time.perf_counter()
with socket.create_connection(("198.51.100.9", 443)) as plain:
    with context.wrap_socket(plain, server_hostname="upload.bench.test") as tls:
        tls.sendall(f"POST /u HTTP/1.1\\r\\nHost: upload.bench.test\\r\\nContent-Length: {size}\\r\\n".encode())
        tls.sendall(b"Connection: close\\r\\n\\r\\n")
        for _ in range(size // len(block)):
            tls.sendall(block)
        assert b" 200 " in tls.recv(4096).split(b"\\r\\n")[0]
print(time.perf_counter() - start)
"""


def upload(spawn, megabytes, ca):
    """MB/s of one upload."""
    read, write = os.pipe()
    process = spawn([sys.executable, "-c", CLIENT, str(megabytes), str(ca)], stdout=write, stderr=2)
    os.close(write)
    with os.fdopen(read) as out:
        told = out.read()
    if process.wait(120):
        raise SystemExit("an upload failed")
    return megabytes / float(told)


def bare(stack, folder, *, streaming):
    """A sealed network with `mitmdump` as its gateway."""
    network = stack.enter_context(
        SealedNetwork.open(catch_all=CatchAll(tcp_port=CATCH_ALL_PORT, udp_port=CATCH_ALL_PORT))
    )
    authority = CloudAuthority.create(folder / "cloud")
    stack.enter_context(
        CatchAllCloud.start(
            spawn=network.spawner("cloud"), authority=authority, tcp_port=CATCH_ALL_PORT, udp_port=CATCH_ALL_PORT
        )
    )
    home = folder / "mitmproxy"
    network.spawner("gateway")(
        [
            *(str(Path(sys.executable).with_name("mitmdump")), "-q", "--mode", "transparent"),
            *("--set", f"confdir={home}"),
            *("--set", f"ssl_verify_upstream_trusted_ca={authority.certificate}"),
            *(("--set", "stream_large_bodies=1m") if streaming else ()),
        ],
        stderr=2,
    )
    ca = home / "mitmproxy-ca-cert.pem"
    spawn = network.spawner("unit")
    for _ in range(200):
        time.sleep(0.1)
        probe = spawn([sys.executable, "-c", "import socket; socket.create_connection(('198.51.100.9', 443), 1)"])
        if ca.exists() and probe.wait(10) == 0:
            return spawn, ca
    raise SystemExit("mitmdump did not start")


def interval(values):
    """95 % bootstrap interval of the median."""
    rng = random.Random(1)
    medians = sorted(statistics.median(rng.choices(values, k=len(values))) for _ in range(2000))
    return medians[50], medians[1949]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--megabytes", type=int, default=64)
    parser.add_argument("--streaming", action="store_true")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bare_spawn, bare_ca = bare(stack, folder / "bare", streaming=given.streaming)
        wiring = stack.enter_context(Wiring.open(folder / "bench", catch_all=True))
        bench_spawn, bench_ca = wiring.network.spawner("unit"), wiring.gateway.ca_certificate
        ours, theirs, lost, left = [], [], 0, 0
        for number in track(range(given.pairs + 1), "pairs"):
            wiring.begin(folder / "t.pcapng")
            runs = [(bare_spawn, bare_ca, theirs), (bench_spawn, bench_ca, ours)]
            for spawn, ca, speeds in runs if number % 2 else reversed(runs):
                speeds.append(upload(spawn, given.megabytes, ca))
            stock = wiring.take_stock()
            lost += stock.counts.dropped_packets
            decoded = decode(
                CaptureFile(folder / "t.pcapng").packets(),
                keylog=KeyLog.parse(stock.keylog),
                uplinks=wiring.uplinks,
                units=wiring.unit_addresses,
            )
            left += stock.counts.balance + sum(map(abs, (b for a in decoded.accounts.values() for b in a.balance)))
            wiring.seal(stock.keylog)
            (folder / "t.pcapng").unlink()
        pairs = [a / b for a, b in zip(ours[1:], theirs[1:], strict=True)]  # the first pair is the warm-up
        low, high = interval(pairs)
        print(f"{len(pairs)} interleaved pairs of {given.megabytes} MB over TLS")
        bench, plain = statistics.median(ours[1:]), statistics.median(theirs[1:])
        print(f"bench {bench:.1f} MB/s, bare mitmdump {plain:.1f} MB/s (medians)")
        print(f"median ratio {statistics.median(pairs):.2f}, 95 % interval {low:.2f} to {high:.2f}")
        print(f"packets lost {lost}, bytes unaccounted for {left}")


if __name__ == "__main__":
    main()
