"""A corpus of traffic with the truth beside it: `python benchmarks/corpus.py FOLDER [--cases N] [--seed N]`.

Every message holds one value of one item, in one form, in up to five encodings, in one of 23 carriers. Written are
``corpus.pcap``, ``corpus.jsonl`` (the truth, a line a message, in the order of the packets) and ``identities.yaml``.
The same arguments write the same bytes. `recall.py` runs the engine over it.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from making.cases import Case, cases
from making.forms import KEY
from making.values import Position, identities
from making.wire import Pcap


def identities_yaml(values: dict[str, str | Position]) -> str:
    rows = {
        item: value if isinstance(value, str) else {"lat": value[0], "lon": value[1]} for item, value in values.items()
    }
    return "".join(f"{item}: {json.dumps(value, ensure_ascii=False)}\n" for item, value in rows.items())


def write(folder: Path, values: dict[str, str | Position], made: Iterable[Case]) -> Counter[str]:
    counted: Counter[str] = Counter()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "identities.yaml").write_text(identities_yaml(values), "utf-8")
    with (folder / "corpus.jsonl").open("w", encoding="utf-8") as truths, (folder / "corpus.pcap").open("wb") as file:
        pcap = Pcap(file)
        for case in made:
            pcap.send(case.message)
            row = {"transmission": case.number, "carrier": case.carrier, **asdict(case.truth)}
            truths.write(json.dumps(row, ensure_ascii=False) + "\n")
            counted[f"depth {len(case.truth.chain)}"] += 1
        pcap.close()
    return counted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    values = identities(given.seed)
    counted = write(given.folder, values, cases(values, given.seed, given.cases))
    print(
        f"{counted.total()} cases in {given.folder}, key of the HMACs `{KEY.decode()}`:", dict(sorted(counted.items()))
    )


if __name__ == "__main__":
    main()
