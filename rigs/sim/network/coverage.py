"""Loss of coverage and slow links on a sealed network: a `rigs.protocols.Coverage`."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rigs.protocols import Clock, UplinkKind
from rigs.sim.network.sealed import SealedNetwork


class SealedCoverage:
    """Takes the car's uplinks down at the car's end (the carrier goes) or limits them by a token bucket (tc-tbf(8))."""

    def __init__(self, network: SealedNetwork, clock: Clock) -> None:
        self._network = network
        self._clock = clock
        self._since: dict[str, int] = {}
        self._spans: list[tuple[str, int, int]] = []
        self._changed: set[str] = set()

    @property
    def uplinks(self) -> Mapping[str, UplinkKind]:
        """Uplinks that it commands."""
        return {uplink.name: uplink.kind for uplink in self._network.uplinks}

    @property
    def away(self) -> Collection[str]:
        """Uplinks that it keeps down now."""
        return self._since.keys()

    def says(self) -> str:
        """How each uplink stands."""
        return ", ".join(f"{name} {'lost' if name in self._since else 'covered'}" for name in self.uplinks)

    def lost(self, uplink: str) -> None:
        """Nothing passes from now on."""
        self._network.set_link(uplink, False)  # noqa: FBT003 - as it reads best
        self._changed.add(uplink)
        self._since.setdefault(uplink, self._clock.now())

    def back(self, uplink: str) -> None:
        """All is as it was."""
        self._network.set_rate(uplink, None)
        self._network.set_link(uplink, True)  # noqa: FBT003 - as it reads best
        if (since := self._since.pop(uplink, None)) is not None:
            self._spans.append((uplink, since, self._clock.now()))
        self._changed.discard(uplink)

    def slow(self, uplink: str, rate: int) -> None:
        """*rate* bit/s each way."""
        self._network.set_rate(uplink, rate)
        self._changed.add(uplink)

    def was_lost(self, uplink: str, bench: int) -> bool:
        """Whether it was down at bench time *bench*."""
        since = self._since.get(uplink)
        return (since is not None and since <= bench) or any(
            name == uplink and start <= bench <= stop for name, start, stop in self._spans
        )

    def restore(self) -> None:
        """Give everything back."""
        for uplink in tuple(self._changed):
            self.back(uplink)
