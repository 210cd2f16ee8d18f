"""One simulated bench for all trials of a session, and short ways to run a scenario on it from Python."""

from pathlib import Path

import pytest

import rigs
from telltale.errors import TelltaleError
from telltale.times import parse_duration
from trials.bench import Benches
from trials.setup import Setup

RIGS = Path(rigs.__file__).parent


@pytest.fixture(scope="session")
def benches(sealed_host, tmp_path_factory):  # noqa: ARG001 - used for what it skips
    """Opened when first used, replaced by themselves when a test has broken them."""
    with Benches(tmp_path_factory.mktemp("runs")) as opened:
        yield opened


class Scenario:
    """A trial that is told in steps, as a feature file would; `verdict` ends it."""

    def __init__(self, trial):
        self.trial = trial
        self.session = trial._session
        self.wiring = trial._session._wiring

    def given(self, **switches):
        """A car with its switches (``user_experience_plan="off"``)."""
        self.trial.begin_step("given", "Given a car")
        self.trial.power_up("Xiaomi car")
        for name, position in switches.items():
            self.trial.switch(name.replace("_", " "), position)
        return self

    def when_driven(self, time):
        """A When, and a drive."""
        self.when()
        self.trial.road.drive(parse_duration(time))
        return self

    def when(self, stimulus=None):
        """A When, and what it does."""
        self.trial.begin_step("when", f"When {stimulus or 'it is driven'}")
        if stimulus:
            self.trial.stimulate(stimulus)
        return self

    def then(self, claim, *arguments, **named):
        """A Then with one of `trials.claims`."""
        self.trial.begin_step("then", f"Then {claim.__name__}")
        self.trial.judge(claim(self.trial, *arguments, **named))
        return self

    @property
    def verdict(self):
        """What the scenario came to: the error that it ends with, or None if it complies."""
        try:
            self.trial.conclude()
        except TelltaleError as error:
            return error
        return None

    def process(self, name):
        """Process id of ``gateway``, ``tap``, ``unit`` or ``cloud``."""
        parts = {
            "gateway": self.wiring.gateway,
            "tap": self.wiring.tap,
            "unit": self.session._unit,
            "cloud": self.session._cloud,
        }
        return parts[name].pid


@pytest.fixture
def xiaomi():
    """The setup of the simulated Xiaomi, with defects by name."""

    def setup(*defects):
        folder = RIGS / "sim" / "defects" / "xiaomi-su7"
        files = [next(folder.rglob(f"{name}.yaml")) for name in defects]
        return Setup.read(RIGS / "xiaomi-su7.yaml", policy=None, defects=files)

    return setup


@pytest.fixture
def scenario(benches, xiaomi, request):
    """Begins a scenario on the shared bench; it is closed with the test."""
    begun = []

    def begin(*defects, clauses=("XM-21-03",), rig=None):
        setup = xiaomi(*defects) if rig is None else Setup.read(rig, policy=None, defects=())
        trial = benches.trial(setup, title=request.node.name, clauses=clauses)
        begun.append(trial)
        return Scenario(trial)

    yield begin
    for trial in begun:
        trial.close()
