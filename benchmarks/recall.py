"""Whether the engine sees what it has to see: `python benchmarks/recall.py [--cases N] [--seed N] [--others] [--pcap]`.

The corpus of `corpus.py` is searched message by message. Item, form, chain, part, offset and length all have to be what
the truth says, and nothing else may be seen. Misses are counted by what was wrong, and the commonest kinds printed.
With ``--others`` the engine looks for another car's identities: every sighting is a false one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from making.cases import Case, Truth, cases
from making.forms import KEY
from making.searched import engine_for, transmission
from making.values import identities
from making.wire import Pcap

from captures.sources import open_source
from telltale.sighting import Sighting
from telltale.transmission import Transmission

MOST = 60
"""Kinds of misses that are printed, those with the shortest chains first."""


def seen(sighting: Sighting) -> Truth:
    return Truth(
        item=sighting.item,
        value=sighting.value,
        form=sighting.form,
        chain=sighting.chain,
        part=sighting.part,
        offset=sighting.offset,
        length=sighting.length,
    )


def wrong(case: Case, found: list[Truth]) -> str | None:
    """What is wrong with what was found, in a word; None when it is the truth."""
    truth = case.truth
    same = [one for one in found if (one.item, one.part) == (truth.item, truth.part)]
    if not same:
        return "not seen"
    if truth not in same:
        for word in ("value", "form", "chain", "offset", "length"):
            same = [one for one in same if getattr(one, word) == getattr(truth, word)]
            if not same:
                return f"{word} differs"
    return "more was seen" if len(found) > 1 else None


def explain(case: Case, found: Iterable[Truth]) -> str:
    truth = case.truth
    text = case.message.parts[truth.part]
    told = "; ".join(map(describe, found))
    piece = text[max(0, truth.offset - 20) : truth.offset + min(truth.length, 100) + 20]
    return f"    #{case.number} {case.carrier}: {describe(truth)}, seen: {told or '-'}\n      {piece!r}"


def describe(one: Truth) -> str:
    return f"{one.item} {' > '.join((*one.chain, one.form))} {one.part} {one.offset}+{one.length}"


def as_packets(made: Iterable[Case]) -> Iterator[tuple[Case, Transmission]]:
    """The cases as a pcap file would have them: written as one, and decoded."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "corpus.pcap")
        wanted = []
        with path.open("wb") as file:
            pcap = Pcap(file)
            for case in made:
                pcap.send(case.message)
                wanted.append(case)
            pcap.close()
        opening = {"mqtt": "connect", "http": "GET"}  # of the connections that last; the cases themselves are POSTs
        sent = (one for one in open_source(path).transmissions() if one.kind != opening.get(one.channel))
        yield from zip(wanted, sent, strict=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--others", action="store_true", help="look for another car's identities")
    parser.add_argument("--pcap", action="store_true", help="through packets, from end to end")
    parser.add_argument("--only", help="only what is wrong in this way, or whose chain or form holds this word")
    parser.add_argument("--show", type=int, default=3, help="examples of each kind")
    given = parser.parse_args()
    values = identities(given.seed)
    engine = engine_for(identities(given.seed + 1000) if given.others else values)
    failed: Counter[str] = Counter()
    kinds: Counter[tuple[str, ...]] = Counter()
    shown: dict[tuple[str, ...], list[str]] = {}
    passed: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    size, begun = 0, time.process_time()
    made = cases(values, given.seed, given.cases)
    for case, sent in as_packets(made) if given.pcap else ((case, transmission(case.message)) for case in made):
        found = [seen(sighting) for sighting in engine.search(sent)]
        size += sum(map(len, case.message.parts.values()))
        truth = case.truth
        fault = ("false sighting" if found else None) if given.others else wrong(case, found)
        labels = [f"form {truth.form}", f"carrier {case.carrier}", f"depth {len(truth.chain)}", f"item {truth.item}"]
        labels += [f"link {link}" for link in set(truth.chain)]
        tried.update(labels)
        if fault is None:
            passed.update(labels)
            continue
        failed[fault] += 1
        kind = (fault, truth.form, *truth.chain)
        if given.only and given.only not in kind:
            continue
        kinds[kind] += 1
        if len(shown.setdefault(kind, [])) < given.show:
            shown[kind].append(explain(case, found))
    spent = time.process_time() - begun
    right = given.cases - failed.total()
    print(
        f"{right} of {given.cases} right ({right / given.cases:.2%}), {size / 1e6:.1f} MB, {spent:.0f} s; key {KEY!r}"
    )
    print(" ", dict(failed.most_common()))
    for label in sorted(tried):
        if passed[label] < tried[label]:
            print(f"  {label:28}{passed[label]:6} of {tried[label]:6}")
    for kind, number in sorted(kinds.items(), key=lambda one: (len(one[0]), -one[1]))[:MOST]:
        print(f"  {number:5} times {kind[0]}: {' > '.join(kind[1:])}")
        print("\n".join(shown[kind]))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
