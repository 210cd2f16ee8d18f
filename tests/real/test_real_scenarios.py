"""The scenario text of the simulated rig, unchanged, on a bench of real drivers with real peers at the other end.

The verdict is the same, and so are the judgements word for word, but for times, numbers and the run's own identities.
"""

import json
import re
from pathlib import Path

import pytest

pytestmark = [pytest.mark.xdist_group("real"), pytest.mark.usefixtures("sealed_host")]

ROOT = Path(__file__).parents[2]
RIG = ROOT / "rigs/xiaomi-su7.yaml"
FEATURE = ROOT / "features/xiaomi-ev-2025-06/weather.feature"
SCENARIO = "coarse"
DEFECT = ROOT / "rigs/sim/defects/xiaomi-su7/08-weather/weather-carries-vin.yaml"


def judgements(runs):
    """What each Then of the one run below *runs* came to, without what differs from run to run."""
    (file,) = runs.glob("*/findings.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [{**line, "findings": [re.sub(r"\d+", "#", text) for text in line["findings"]]} for line in lines]


@pytest.mark.parametrize(("defects", "status"), [((), 0), ((DEFECT,), 1)], ids=["clean", "seeded"])
def test_scenario_judges_alike_on_real_drivers_and_on_the_simulated_rig(
    round_the_bench, run_pytest, tmp_path, defects, status
):
    with round_the_bench(RIG, *defects) as peers:
        real, said = peers.run(FEATURE, "-k", SCENARIO, "--rig", peers.rig_file())
        assert peers.failure is None
    assert real == status, said
    assert "real peers: a real rig." in said
    simulated = tmp_path / "simulated"
    simulated.mkdir()
    done = run_pytest(FEATURE, "-k", SCENARIO, *(f"--defect={path}" for path in defects), folder=simulated)
    assert done.status == status, done.out
    assert judgements(tmp_path / "runs") == judgements(simulated / "runs")
