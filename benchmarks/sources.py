"""From files to transmissions, without the search: `python benchmarks/sources.py [MEGABYTES ...]`.

Files of each size: the published mix (`making/benign.py`) as pcap, pcap in gzip and HAR; one HTTP upload in a single
connection; raw TCP; many short connections. Each is read to its last transmission in a process of its own. Printed are
MB of file (of unpacked file, for gzip) per second of processor time, and the most memory that was resident; the cost is
linear if the rate does not change with the size.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from audit_speed import messages, write_har, write_pcap
from making.benign import MIX

from captures.sources import open_source

CAR, CLOUD = bytes((10, 64, 0, 2)), bytes((203, 0, 113, 10))
MSS = 1400


class Segments:
    """A pcap of TCP segments, the cheapest that there is."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("wb", 1 << 20)
        self.file.write(struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 101))
        self.number = 0

    def segment(self, port: int, sequence: int, data: bytes, flags: int = 0x18, *, back: bool = False) -> None:
        ports, ends = ((80, port), CLOUD + CAR) if back else ((port, 80), CAR + CLOUD)
        tcp = struct.pack("!HHIIBBHHH", *ports, sequence & 0xFFFFFFFF, 1, 0x50, flags, 9999, 0, 0)
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 40 + len(data), 0, 0, 64, 6, 0)
        size = 40 + len(data)
        seconds, nanoseconds = divmod(self.number * 20_000, 10**9)
        self.file.write(struct.pack("<IIII", 1_790_000_000 + seconds, nanoseconds, size, size) + ip + ends + tcp + data)
        self.number += 1

    def connection(self, port: int, data: memoryview, times: int = 1) -> None:
        self.segment(port, 0, b"", 2)
        self.segment(port, 0, b"", 18, back=True)
        at = 1
        for _ in range(times):
            for start in range(0, len(data), MSS):
                piece = data[start : start + MSS]
                self.segment(port, at, bytes(piece))
                at += len(piece)
        self.segment(port, at, b"", 17)
        self.segment(port, 1, b"HTTP/1.1 204 No Content\r\n\r\n", back=True)
        self.segment(port, 28, b"", 17, back=True)
        self.file.flush()


def upload(path: Path, size: int) -> None:
    piece = os.urandom(1 << 20)
    times = size // len(piece)
    pcap = Segments(path)
    head = b"PUT /v1/video HTTP/1.1\r\nHost: cloud.example\r\nContent-Length: %d\r\n\r\n" % (times * len(piece))
    pcap.segment(40000, 0, b"", 2)
    pcap.segment(40000, 1, head)
    at = 1 + len(head)
    for _ in range(times):
        for start in range(0, len(piece), MSS):
            data = piece[start : start + MSS]
            pcap.segment(40000, at, data)
            at += len(data)
    pcap.segment(40000, 1, b"HTTP/1.1 204 No Content\r\n\r\n", back=True)
    pcap.file.close()


def raw(path: Path, size: int) -> None:
    pcap = Segments(path)
    pcap.connection(40000, memoryview(os.urandom(1 << 20)), size >> 20)
    pcap.file.close()


def short(path: Path, size: int) -> None:
    pcap = Segments(path)
    body = b'{"speed": 31.5, "soc": 77}' * 80
    data = memoryview(b"POST /r HTTP/1.1\r\nHost: cloud.example\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    for number in range(size // (len(data) + 600)):
        pcap.connection(20000 + number % 40000, data)
    pcap.file.close()


def packed(path: Path, size: int) -> None:
    plain = path.with_suffix("")
    write_pcap(plain, messages(MIX, size))
    with plain.open("rb") as file, gzip.open(path, "wb", 1) as out:
        shutil.copyfileobj(file, out)
    plain.unlink()


FILES = {
    "mix.pcap": lambda path, size: write_pcap(path, messages(MIX, size)),
    "mix.pcap.gz": packed,
    "mix.har": lambda path, size: write_har(path, messages(MIX, size)),
    "upload.pcap": upload,
    "raw.pcap": raw,
    "short.pcap": short,
}


def measure(path: Path) -> dict[str, float]:
    begun = time.process_time()
    source, count, held = open_source(path), 0, 0
    for sent in source.transmissions():
        count += 1
        held += sum(len(part.data) for part in sent.parts)
    spent = time.process_time() - begun
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {"spent": spent, "memory": most, "transmissions": count, "bytes": held, "gaps": len(source.gaps)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("megabytes", nargs="*", type=int, default=[10, 100])
    options.add_argument("--only", nargs="*", default=list(FILES))
    options.add_argument("--measure", type=Path)
    given = options.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure)))
        return
    for name in given.only:
        for megabytes in given.megabytes:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / name
                FILES[name](path, megabytes * 1_000_000)
                size = megabytes * 1e6 if name.endswith(".gz") else path.stat().st_size
                ran = subprocess.run(
                    [sys.executable, __file__, "--measure", path], capture_output=True, text=True, check=True
                )
            found = json.loads(ran.stdout)
            print(
                f"{name:12} {size / 1e6:6.0f} MB {size / found['spent'] / 1e6:6.0f} MB/s"
                f"  {found['memory']:5.0f} MB resident  {found['transmissions']:8} transmissions  {found['gaps']} gaps",
                flush=True,
            )


if __name__ == "__main__":
    main()
