"""The targets of the benchmarks' fuzzer, so that both try the same promises."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
