"""The benches of a session: opened when a scenario first needs one, kept while they work, replaced when they fail."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from policies.ledger import Ledger
from reports.run_folder import RunFolder
from rigs.rigfile import RealRig
from trials.real import RealBench
from trials.session import Session
from trials.setup import Setup
from trials.simulated import SimulatedBench
from trials.trial import Trial


class Benches:
    """One simulated bench serves every simulated rig, a real rig has a bench of its own; one trial at a time.

    :param runs: where run folders go
    :param ledger: where what falls due later is entered; None keeps it in the run folders alone
    :param patience: bench time, ns, beyond which waits of real rigs are parked in the ledger; None never parks
    """

    def __init__(self, runs: Path, *, ledger: Path | None = None, patience: int | None = None) -> None:
        self._runs = runs
        self._ledger = Ledger(ledger) if ledger is not None else None
        self._patience = patience
        self._bench: SimulatedBench | RealBench | None = None

    def trial(self, setup: Setup, *, title: str, clauses: Sequence[str]) -> Trial:
        """Begin a scenario's run.

        :raises InputError: the setup's files do not fit together
        :raises RigError: the bench cannot be set up
        """
        rig = setup.rig if isinstance(setup.rig, RealRig) else None
        if self._bench is not None and not (self._bench.usable and self._bench.serves(setup)):
            self._discard()
        folder = RunFolder(self._runs, title)
        if self._bench is None:
            self._bench = SimulatedBench(setup.fidelity) if rig is None else RealBench(rig)
        session: Session = self._bench.begin(setup, folder)
        return Trial(
            session,
            setup=setup,
            folder=folder,
            title=title,
            clauses=clauses,
            ledger=self._ledger,
            patience=self._patience if rig is not None else None,
        )

    def _discard(self) -> None:
        if self._bench is not None:
            self._bench.close()
            self._bench = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._discard()
