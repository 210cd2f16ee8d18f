"""How fast transmissions are searched: `python benchmarks/sightings.py [megabytes] [rounds]`.

Each kind of traffic is made once from a fixed seed and searched in parts of 1 MB, interleaved over the rounds. Printed
are medians of single-core rates, and their ratio to a plain search of the same bytes for the identities' own spellings
(`bytes.find`, one after the other), which sees plain text only. No identity of the run is in the traffic, so every
sighting is a false one.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import platform
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from random import Random
from urllib.parse import urlencode

from captures.sightings import Engine
from telltale.identity import Identities, Identity
from telltale.transmission import Address, Part, Transmission

IDENTITIES = Identities(
    [
        Identity(item="vin", value="LSVAM4187C2184847"),
        Identity(item="iccid", value="89860012345678901237"),
        Identity(item="imei", value="352099001761481"),
        Identity(item="phone_number", value="13800138000"),
        Identity(item="email", value="li.xiaoming@example.cn"),
        Identity(item="licence_plate", value="京A12345"),
        Identity(item="person_name", value="李晓明"),
        Identity(item="account_id", value="u7716249035"),
        Identity(item="mac_address", value="02:1A:7D:DA:71:13"),
        Identity(item="position", value=(39.904217, 116.407413)),
        Identity(item="cabin_video", value=Random(1).randbytes(4 << 20)),
    ]
)

SIGNALS = ("vehicleSpeed", "batteryTemperature", "motorRpm", "odometer", "soc", "cabinTemperature", "lateralForce")
EVENTS = ("lane_keep_assist_activated", "charging_started", "door_closed", "seat_belt_fastened")


def record(random: Random) -> dict[str, object]:
    return {
        "timestamp": 1_763_792_400_000 + random.randrange(10**9),
        "traceId": str(uuid.UUID(int=random.getrandbits(128))),
        "latitude": round(random.uniform(20, 50), 6),
        "longitude": round(random.uniform(80, 130), 6),
        "event": random.choice(EVENTS),
        "signals": {name: round(random.uniform(0, 200), random.randrange(3)) for name in SIGNALS},
        "sign": hashlib.md5(random.randbytes(8), usedforsecurity=False).hexdigest(),
        "note": "胎压正常" if random.random() < 0.2 else "tyre pressure within limits, nothing to report",
    }


def telemetry(random: Random) -> bytes:
    return json.dumps(record(random)).encode() + b"\n"


def mixed(random: Random) -> bytes:
    """Telemetry, with a base64 blob, a nested JSON text or a compressed batch now and then."""
    given = record(random)
    kind = random.random()
    if kind < 0.05:
        given["payload"] = base64.b64encode(random.randbytes(600)).decode()
    elif kind < 0.1:
        given["batch"] = base64.b64encode(gzip.compress(telemetry(random) * 4)).decode()
    elif kind < 0.15:
        given["extra"] = json.dumps(record(random))
    return json.dumps(given).encode() + b"\n"


def form(random: Random) -> bytes:
    return urlencode({name: json.dumps(value) for name, value in record(random).items()}).encode() + b"\n"


def blobs(random: Random) -> bytes:
    return base64.b64encode(random.randbytes(48 << 10)) + b"\n"


def digests(random: Random) -> bytes:
    return random.randbytes(32).hex().encode() + b"\n"


def opaque(random: Random) -> bytes:
    return random.randbytes(1 << 20)


KINDS: dict[str, Callable[[Random], bytes]] = {
    "telemetry JSON": telemetry,
    "mixed JSON": mixed,
    "forms": form,
    "base64": blobs,
    "hex digests": digests,
    "media, encrypted": opaque,
}


def parts(make: Callable[[Random], bytes], size: int) -> list[bytes]:
    random = Random(make.__name__)
    made = []
    while len(made) << 20 < size:
        chunk = bytearray()
        while len(chunk) < 1 << 20:
            chunk += make(random)
        made.append(bytes(chunk))
    return made


def transmission(data: bytes) -> Transmission:
    return Transmission(
        index=0,
        channel="https",
        uplink=None,
        sent=0,
        ended=0,
        source=Address(ip="10.0.0.1", port=1),
        destination=Address(ip="10.0.0.2", port=2),
        summary="",
        parts=(Part(name="body", data=data),),
    )


def rate(work: Callable[[bytes], object], bodies: list[bytes]) -> float:
    begun = time.process_time()
    for body in bodies:
        work(body)
    return sum(map(len, bodies)) / (time.process_time() - begun) / 1e6


def main() -> None:
    size = int(sys.argv[1] if len(sys.argv) > 1 else 8) << 20
    rounds = int(sys.argv[2] if len(sys.argv) > 2 else 5)
    begun = time.perf_counter()
    engine = Engine(IDENTITIES)
    built = time.perf_counter() - begun
    print(f"Python {platform.python_version()}, {platform.machine()}; engine built in {built:.2f} s")
    plain = [identity.text.encode() for identity in IDENTITIES if isinstance(identity.value, str)]
    traffic = {name: parts(make, size) for name, make in KINDS.items()}
    searched: dict[str, list[float]] = {name: [] for name in traffic}
    found: dict[str, list[float]] = {name: [] for name in traffic}
    false = dict.fromkeys(traffic, 0)

    def search(name: str, body: bytes) -> None:
        false[name] += len(engine.search(transmission(body)))

    for _ in range(rounds):
        for name, bodies in traffic.items():
            searched[name].append(rate(lambda body, name=name: search(name, body), bodies))
            found[name].append(rate(lambda body: [body.find(value) for value in plain], bodies))
    print(f"{'traffic':20}{'MB/s':>8}{'find MB/s':>12}{'ratio':>8}{'false sightings':>18}")
    for name in traffic:
        ratio = statistics.median(a / b for a, b in zip(searched[name], found[name], strict=True))
        rates = f"{statistics.median(searched[name]):8.0f}{statistics.median(found[name]):12.0f}"
        print(f"{name:20}{rates}{ratio:8.2f}{false[name]:18}")


if __name__ == "__main__":
    main()
