"""Which fidelity a simulated bench has on this host: the sealed network, or loopback where that is refused."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from telltale.errors import NamespacesRefusedError, RigError
from telltale.fidelity import Fidelity

Asked = Literal["auto", "sealed", "loopback"]
ASKED: tuple[Asked, ...] = get_args(Asked)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A fidelity, and why it is not a better one."""

    fidelity: Fidelity
    because: str = ""
    """Empty for the sealed network, and for a real bench, which has no other."""

    def __str__(self) -> str:
        """For people, in one line: ``sealed``; ``loopback (asked for): … cannot be seen``."""
        why = f" ({self.because})" if self.because else ""
        blind = f": {'; '.join(self.fidelity.blind_spots)}" if self.fidelity.blind_spots else ""
        return f"{self.fidelity}{why}{blind}"


SEALED = Chosen(Fidelity.SEALED)
REAL = Chosen(Fidelity.BENCH)


@cache
def choose(asked: Asked) -> Chosen:
    """What is asked for; ``auto`` is sealed wherever the host allows that, which is tried once."""
    if asked == "loopback":
        return Chosen(Fidelity.LOOPBACK, "asked for")
    if asked == "auto":
        from rigs.sim.network import SealedNetwork  # noqa: PLC0415 - the command line need not wait for it

        try:
            SealedNetwork.open().close()
        except NamespacesRefusedError as refused:
            return Chosen(Fidelity.LOOPBACK, str(refused))
        except RigError:
            return SEALED  # it is allowed, and broken: the bench that needs it tells how
    return SEALED
