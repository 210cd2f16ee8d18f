"""How fast a capture is audited: `python benchmarks/audit_speed.py [MEGABYTES ...] [--rounds N] [--profile]`.

The mix of traffic is published in `making/benign.py` (MIX): JSON 35 %, media 30 %, protobuf 15 %, forms 10 %, gzip
10 %, by bytes, in HTTP over TCP segments of 1,400 bytes. From it come a pcap and a HAR of each size, and a pcap that
is media only. Each is read, decoded and searched for the identities of one car in a process of its own, one core, from
the file to the last sighting. In every round each file is done once, with `grep -F` for the plain values over the same
bytes beside it. Printed are medians over the rounds: MB of file per second of processor time, the most memory, and the
ratio of grep's time to the audit's, round by round. ``--profile`` says where the time goes.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import platform
import pstats
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from making.benign import MIX, RUN, media, traffic
from making.carriers import Message
from making.searched import engine_for
from making.wire import Pcap, har

from captures.sources import KINDS, open_source

POOL = 48_000_000
"""Bytes of different messages; a larger file has them several times, in packets and connections of their own."""


def messages(mix: dict, size: int) -> Iterator[Message]:
    pool = [message for _, message in traffic(mix, min(size, POOL), seed=5)]
    sent = 0
    for index in count():
        message = pool[index % len(pool)]
        yield message
        sent += sum(map(len, message.parts.values()))
        if sent >= size:
            return


def write_pcap(path: Path, made: Iterator[Message]) -> None:
    with path.open("wb") as file:
        pcap = Pcap(file)
        for index, message in enumerate(made):
            pcap.send(message)
            if index % 50 == 49:
                pcap.close()  # a car opens a connection now and then
        pcap.close()


def write_har(path: Path, made: Iterator[Message]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for piece in har(made):
            file.write(piece)


def audit(path: Path) -> dict[str, float]:
    """One file, from end to end, in this process."""
    begun = time.process_time()
    engine = engine_for(RUN)
    source = open_source(path)
    transmissions = sightings = 0
    for _, found in engine.examine_all(source.transmissions()):
        transmissions += 1
        sightings += len(found.sightings)
    spent = time.process_time() - begun
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {"spent": spent, "memory": most, "transmissions": transmissions, "sightings": sightings}


def in_own_process(path: Path) -> dict[str, float]:
    ran = subprocess.run([sys.executable, __file__, "--one", str(path)], check=True, capture_output=True, text=True)
    return json.loads(ran.stdout)


def grep(path: Path) -> float:
    """Processor seconds of a plain search."""
    values = "\n".join(value for value in RUN.values() if isinstance(value, str))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "LC_ALL": "C"}
    subprocess.run(["grep", "-F", "-a", "-c", "-e", values, path], check=False, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def profile(path: Path) -> None:
    profiler = cProfile.Profile()
    profiler.runcall(audit, path)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def files(folder: Path, sizes: list[int]) -> dict[str, Path]:
    """What is measured, by what it is called."""
    made = {}
    kinds: list[tuple[str, str, dict, Callable[[Path, Iterator[Message]], None], int]]
    kinds = [(f"mix, pcap, {size} MB", "pcap", MIX, write_pcap, size) for size in sizes]
    if any(kind.name == "har" for kind in KINDS):
        kinds.append((f"mix, HAR, {sizes[0]} MB", "har", MIX, write_har, sizes[0]))
    kinds.append((f"media, pcap, {sizes[0]} MB", "pcap", {media: 1.0}, write_pcap, sizes[0]))
    for index, (name, suffix, mix, write, size) in enumerate(kinds):
        path = folder / f"{index}.{suffix}"
        write(path, messages(mix, size * 1_000_000))
        made[name] = path
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("megabytes", nargs="*", type=int, default=[50])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument(
        "--one", type=Path, help="measure this file in this process, and print what was measured as JSON"
    )
    given = parser.parse_args()
    if given.one:
        print(json.dumps(audit(given.one)))
        return
    host = f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores"
    print(f"{host}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        paths = files(Path(folder), given.megabytes)
        if given.profile:
            profile(next(iter(paths.values())))
            return
        rows: dict[str, list[dict[str, float]]] = {name: [] for name in paths}
        for _ in range(given.rounds):
            for name, path in paths.items():
                measured = in_own_process(path)
                measured["rate"] = path.stat().st_size / measured["spent"] / 1e6
                measured["ratio"] = grep(path) / measured["spent"] if shutil.which("grep") else float("nan")
                rows[name].append(measured)
        print(f"{'file':24}{'MB/s per core':>14}{'memory, MB':>12}{'grep/audit':>12}{'sent':>10}{'sightings':>11}")
        for name, measured in rows.items():
            rate, memory, ratio = (
                statistics.median(row[key] for row in measured) for key in ("rate", "memory", "ratio")
            )
            counts = f"{measured[-1]['transmissions']:10.0f}{measured[-1]['sightings']:11.0f}"
            print(f"{name:24}{rate:14.0f}{memory:12.0f}{ratio:12.3f}{counts}")


if __name__ == "__main__":
    main()
