"""What is seen where nothing is: `python benchmarks/benign.py [MEGABYTES]`.

Telemetry, forms, protobuf, compressed batches, media, random ids and hashes, and other people's valid numbers
(`making/benign.py`, EVERYTHING) are searched for the identities of one car. No value of that car is in them, so every
sighting of an identity is a false one, and ends this with 1. What recognisers see are other people's values, which are
really there; they are counted by kind of traffic and item.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from making.benign import EVERYTHING, RUN, traffic
from making.searched import engine_for, transmission


def main() -> None:
    size = int(sys.argv[1] if len(sys.argv) > 1 else 8) * 1_000_000
    engine = engine_for(RUN, recognise=True)
    false: Counter[tuple[str, str, str]] = Counter()
    alarms: Counter[tuple[str, str]] = Counter()
    opaque: Counter[str] = Counter()
    examples: dict[tuple[str, str, str], bytes] = {}
    megabytes: Counter[str] = Counter()
    spent = 0.0
    for kind, message in traffic(EVERYTHING, size, seed=2):
        megabytes[kind] += sum(map(len, message.parts.values()))
        begun = time.process_time()
        examined = engine.examine(transmission(message))
        spent += time.process_time() - begun
        opaque[kind] += bool(examined.opaque)
        for sighting in examined.sightings:
            if sighting.form == "recognised":
                alarms[kind, sighting.item] += 1
                continue
            key = (kind, sighting.item, " > ".join((*sighting.chain, sighting.form)))
            false[key] += 1
            examples.setdefault(key, message.parts[sighting.part][sighting.offset :][: min(sighting.length, 120)])
    print(f"{megabytes.total() / 1e6:.0f} MB in {spent:.0f} s, {megabytes.total() / spent / 1e6:.0f} MB/s")
    print("  ", {kind: f"{number / 1e6:.0f} MB" for kind, number in megabytes.items()}, "opaque:", dict(opaque))
    print(f"{false.total()} false sightings of identities")
    for key, number in false.most_common(30):
        print(f"{number:7} {', '.join(key)}: {examples[key]!r}")
    print(f"{alarms.total()} values of others recognised")
    for (kind, item), number in alarms.most_common():
        print(f"{number:7} {item} in {kind}")
    sys.exit(1 if false else 0)


if __name__ == "__main__":
    main()
