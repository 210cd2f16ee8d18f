"""What public captures hold, as Telltale sees it: ``python benchmarks/public_captures.py FOLDER [docs/captures.md]``.

Every capture below FOLDER is decoded as it stands, with no key log and no word of who the unit is. Printed, or put into
the page between its marks, is a row for each: what left its clients, to whom, and what could not be read.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from captures.sources import open_source
from telltale.transmission import Transmission

BEGIN, END = "<!-- captures -->\n", "<!-- end of captures -->\n"
HEAD = "| capture | what leaves | to | not read |\n|---|---|---|---|\n"
SUFFIXES = (".pcap", ".pcapng")
MOST = 3
"""Names of recipients in a row."""


def captures(folder: Path) -> Iterator[Path]:
    """Every capture below *folder*, in order of its name."""
    return (path for path in sorted(folder.rglob("*")) if path.suffix in SUFFIXES)


def row(path: Path, name: str) -> str:
    """The capture's row in the table."""
    source = open_source(path)
    seen = list(source.transmissions())
    cells = (f"`{name}`", what(seen), recipients(seen), "; ".join((*closed(seen), *source.notes, *source.gaps)))
    return f"| {' | '.join(cell.replace('|', '·') for cell in cells)} |\n"


def what(seen: Iterable[Transmission]) -> str:
    """Messages by channel and kind, the most frequent first."""
    counted = Counter(f"{one.channel} {one.kind}".strip() for one in seen)
    return ", ".join(f"{count} {name}" for name, count in sorted(counted.items(), key=lambda two: (-two[1], two[0])))


def recipients(seen: Iterable[Transmission]) -> str:
    """In order of their first transmission."""
    names = list(dict.fromkeys(one.recipient for one in seen))
    return ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" if len(names) > MOST else "")


def closed(seen: Iterable[Transmission]) -> Iterator[str]:
    """Opaque bytes by their reason, and messages that the decoder does not believe."""
    seen = list(seen)
    opaque: Counter[str] = Counter()
    for one in seen:
        for part in one.opaque:
            opaque[str(part.opaque)] += len(part.data)
    yield from (f"{size} bytes: {reason}" for reason, size in sorted(opaque.items()))
    wrong = Counter(one.malformed for one in seen if one.malformed)
    yield from (f"{count} malformed: {reason}" for reason, count in sorted(wrong.items()))


def table(folder: Path) -> str:
    """The table of all captures below *folder*, in Markdown."""
    return HEAD + "".join(row(path, path.relative_to(folder).as_posix()) for path in captures(folder))


def main(folder: str, page: str | None = None) -> None:
    """Print the table, or put it into a page."""
    text = table(Path(folder))
    if page is None:
        sys.stdout.write(text)
        return
    path = Path(page)
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    path.write_text(before + BEGIN + text + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
