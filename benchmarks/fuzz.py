"""Coverage-guided fuzzing: `python benchmarks/fuzz.py TARGET FOLDER [--seconds N]`, with PyPI's `atheris`.

The targets stand in `making/targets.py`. FOLDER keeps the inputs that reached new code, and under ``findings`` the
first input of every fault, named by the place in the code; it goes on after a fault. An input that takes longer than
five seconds is a fault too. Without atheris (it has wheels for some Pythons on Linux only) the tests in
tests/captures/fuzz do the same by chance alone.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import sys
import time
import traceback
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["captures", "telltale"]):
    from making.targets import TARGETS, seeds

    from captures.sources import KINDS

    for kind in KINDS:  # a kind's module is loaded when such a file is opened, too late to be looked into
        importlib.import_module(kind.module)

SLOW = 5.0
"""Seconds of processor time for one input of 64 KiB at most."""


class Slow(Exception):  # noqa: N818 - a finding, not an error
    """An input took too long."""


def check_time(spent: float) -> None:
    if spent > SLOW:
        raise Slow(f"{spent:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=int, default=300)
    given = parser.parse_args()
    inputs, findings = given.folder / given.target, given.folder / "findings"
    for folder in (inputs, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds():
        if seed.target == given.target and len(seed.data) < 1 << 14:
            (inputs / hashlib.sha1(seed.data).hexdigest()).write_bytes(seed.data)
    target = TARGETS[given.target]
    found: set[str] = set()

    def once(data: bytes) -> None:
        begun = time.process_time()
        try:
            target(data)
            check_time(time.process_time() - begun)
        except Exception as error:  # noqa: BLE001 - whatever is raised is what was looked for
            places = [f"{frame.name}-{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
            name = f"{given.target}-{type(error).__name__}-{'-'.join(places[-2:])}"
            if name not in found:
                found.add(name)
                (findings / name).write_bytes(data)
                (findings / f"{name}.txt").write_text(traceback.format_exc())
                print("found", name, flush=True)

    atheris.Setup(
        [sys.argv[0], str(inputs), f"-max_total_time={given.seconds}", "-max_len=65536", "-rss_limit_mb=2048"], once
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
