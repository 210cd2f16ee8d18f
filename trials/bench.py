"""The benches of a session: opened when a scenario first needs one, kept while it works, replaced when it has failed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from reports.run_folder import RunFolder
from rigs.rigfile import RealRig
from telltale.errors import RigError
from trials.setup import Setup
from trials.simulated import SimulatedBench
from trials.trial import Trial


class Benches:
    """One sealed simulated bench serves every simulated rig, one trial at a time.

    :param runs: where run folders go
    :param worker: name of this worker where several run side by side, each with a bench of its own
    """

    def __init__(self, runs: Path, *, worker: str | None = None) -> None:
        self._runs = runs
        self._worker = worker
        self._bench: SimulatedBench | None = None
        self._made = 0

    def trial(self, setup: Setup, *, title: str, clauses: Sequence[str]) -> Trial:
        """Begin a scenario's run.

        :raises InputError: the setup's files do not fit together
        :raises RigError: the bench cannot be set up
        """
        if isinstance(setup.rig, RealRig):
            raise RigError(f"{setup.rig.path} is a real rig; this version runs scenarios on simulated rigs alone")
        if self._bench is not None and not self._bench.usable:
            self._discard()
        folder = RunFolder(self._runs, title)
        if self._bench is None:
            self._made += 1
            name = f"bench-{self._worker or 'main'}-{self._made}"
            self._bench = SimulatedBench(self._runs / name)
        session = self._bench.begin(setup, folder)
        return Trial(session, setup=setup, folder=folder, title=title, clauses=clauses)

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
