"""How fast virtual time passes with real traffic, through the whole bench.

    python benchmarks/virtual_time.py [--days 30]

A Xiaomi car is driven for 30 minutes on each of so many days, with a GB/T 32960 report every 10 s and the other
functions as its unit file has them; then it stands parked for 60 minutes. Printed are wall times, and what was seen of
it afterwards.
"""

import argparse
import tempfile
import time
from pathlib import Path

from rich.progress import track

from telltale.times import SECOND
from trials.bench import Benches
from trials.setup import Setup

DAY, HALF_HOUR, HOUR = 86_400 * SECOND, 1_800 * SECOND, 3_600 * SECOND
ROOT = Path(__file__).resolve().parents[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=30)
    days = parser.parse_args().days
    setup = Setup.read(ROOT / "rigs" / "xiaomi-su7.yaml", policy=None, defects=())
    with tempfile.TemporaryDirectory() as runs, Benches(Path(runs)) as benches:
        trial = benches.trial(setup, title="virtual time", clauses=())
        trial.power_up("Xiaomi car")
        start = time.perf_counter()
        for _ in track(range(days), "days"):
            morning = trial.now
            trial.road.drive(HALF_HOUR)
            trial.wait_until(morning + DAY)
        driven = time.perf_counter() - start
        start = time.perf_counter()
        trial.wait(HOUR)
        parked = time.perf_counter() - start
        start = time.perf_counter()
        seen = trial.observe()
        looked = time.perf_counter() - start
        reports = sum(t.kind == "realtime" for t in seen.transmissions)
        trial.close()
    print(f"{days} days with 30 minutes' driving: {driven:.1f} s")
    print(f"60 parked minutes: {parked:.3f} s")
    print(f"decoded and searched in {looked:.1f} s: {len(seen.transmissions)} transmissions, {reports} reports")
    print(f"gaps: {', '.join(seen.gaps) or 'none'}")


if __name__ == "__main__":
    main()
