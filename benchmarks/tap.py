"""What the packet tap costs and whether it keeps up: TCP uploads through a sealed network, as fast as they go.

    python benchmarks/tap.py [--megabytes 64] [--rounds 5] [--mtu-sized] [--busy 1]

Each round sends so many megabytes from the unit to the gateway; ``--mtu-sized`` turns the unit's segmentation offload
off, so that there are 45 times as many packets, and ``--busy`` adds processes that never rest, as a proxy would be.
"""

import argparse
import contextlib
import multiprocessing
import os
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

from captures.pcapng import read_packets
from captures.tap import PacketTap
from rigs.sim.network import SealedNetwork

PROXY_PORT = 8080
NO_OFFLOAD = """
import array, fcntl, socket, struct
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for command in (0x1F, 0x24):  # ETHTOOL_STSO, ETHTOOL_SGSO
    value = array.array("I", [command, 0])
    fcntl.ioctl(sock, 0x8946, struct.pack("@16sP16x", b"wwan0", value.buffer_info()[0]))
"""


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def spin() -> None:
    while True:
        pass


def upload(network: SealedNetwork, size: int) -> float:
    """Seconds for one upload."""
    with network.socket("gateway") as server, network.socket("unit", device="wwan0") as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("", PROXY_PORT))
        server.listen()

        def take() -> None:
            connection, _ = server.accept()
            with connection:
                room = bytearray(1 << 18)
                while connection.recv_into(room):
                    pass

        thread = threading.Thread(target=take)
        thread.start()
        client.connect(("203.0.113.10", 443))
        began = time.perf_counter()
        client.sendall(bytes(size))
        client.shutdown(socket.SHUT_WR)
        thread.join()
        return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mtu-sized", action="store_true")
    parser.add_argument("--busy", type=int, default=0)
    options = parser.parse_args()
    size = options.megabytes * 1_000_000
    with contextlib.ExitStack() as stack:
        network = stack.enter_context(SealedNetwork.open(proxy_port=PROXY_PORT))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if options.mtu_sized:
            network.spawner("unit")([sys.executable, "-c", NO_OFFLOAD]).wait(10)
        for _ in range(options.busy):
            process = multiprocessing.Process(target=spin, daemon=True)
            process.start()
            stack.callback(process.terminate)
        bare = [upload(network, size) for _ in range(options.rounds)]
        tap = stack.enter_context(
            PacketTap.start(spawn=network.spawner("gateway"), interfaces={"cell0": "cellular", "wifi0": "wifi"})
        )
        print(f"without the tap: {sorted(size / 1e6 / seconds for seconds in bare)[len(bare) // 2]:.0f} MB/s (median)")
        for number in range(options.rounds):
            path = folder / f"{number}.pcapng"
            tap.begin(path)
            before = cpu_seconds(tap.pid)
            seconds = upload(network, size)
            cpu = cpu_seconds(tap.pid) - before
            counts = tap.end()["cellular"]
            began = time.perf_counter()
            read = sum(1 for _ in read_packets(path))
            reading = time.perf_counter() - began
            print(
                f"{size / 1e6 / seconds:.0f} MB/s, {counts.captured_packets} packets, "
                f"{counts.dropped_packets} dropped, balance {counts.balance}, settled {counts.settled}; "
                f"tap {cpu / size * 1e9:.2f} CPU s/GB; {read} packets read at {size / 1e6 / reading:.0f} MB/s"
            )
            path.unlink()


if __name__ == "__main__":
    main()
