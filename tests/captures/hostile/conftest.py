"""Captures that mean harm, audited in a process that may use little memory and time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

MEMORY = 2 << 30
"""Bytes of data: several times what the limits of one part add up to, a fifth of what a bomb unpacks to."""
SECONDS = 180
"""Of processor time, many times what a slow machine needs; more is a hang."""

AUDIT = """
import json, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[1]), int(sys.argv[1])))
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[2]), int(sys.argv[2])))
from captures.sightings import Engine
from captures.sources import open_source
from telltale.errors import InputError
from telltale.identity import Identities, Identity
engine = Engine(Identities([Identity(item="vin", value="LSVAM4187C2184847")]))
for path in sys.argv[3:]:
    try:
        source = open_source(Path(path))
        for sent in source.transmissions():
            examined = engine.examine(sent)
            seen = [(one.item, one.part, list(one.chain)) for one in examined.sightings]
            opaque = [*examined.opaque.values(), *(part.opaque for part in sent.opaque)]
            row = {"path": sent.path, "whole": sent.complete, "seen": seen, "gaps": examined.gaps, "opaque": opaque}
            print(json.dumps(row))
        print(json.dumps({"notes": [*source.notes, *source.gaps]}))
    except InputError as error:
        print(json.dumps({"refused": str(error)}))
"""


@pytest.fixture
def audited():
    """Audit files within limits; gives a row for each transmission, and for each file one of notes or of refusal."""

    def run(*paths):
        command = [sys.executable, "-c", AUDIT, str(MEMORY), str(SECONDS), *map(str, paths)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr[-2000:]
        return [json.loads(line) for line in ran.stdout.splitlines()]

    return run
