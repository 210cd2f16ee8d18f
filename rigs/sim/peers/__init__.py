"""What stands at the other end of the bench's drivers on a simulated rig; the drivers are the ones of a real bench.

In the unit's process, on sockets and ptys that the bench opened: `Adbd`, `AtModem`, `GnssReceiver`.
In the bench's process, in one thread of its own: the CAN hub, the supply and the ptys (see ``host``).

The peers speak the real protocols to the real client libraries. None of them knows what the car is or what it sends.
"""

from rigs.sim.peers.adbd import Adbd
from rigs.sim.peers.gnss import GnssReceiver
from rigs.sim.peers.modem import AtModem

__all__ = ["Adbd", "AtModem", "GnssReceiver"]
