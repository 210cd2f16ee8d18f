"""The sealed network of the simulated rig: nothing that the simulated car sends can reach the outside.

unit       the namespace the car's programs run in, with its uplinks; it is the T-Box
ivi        the head unit's, behind the T-Box's address translation
phone      the companion phone's, with an uplink of its own
gateway    where all its TCP is redirected to the proxy and packets are captured
cloud      owns every address; whatever the gateway lets through arrives here
uplink     a captured way from a unit to the gateway (cellular, wifi, private, phone), a veth pair
launcher   the process that owns the namespaces, starts the programs in them and hands out their sockets
lifeline   what ends all of them when the bench ends, however it ends
"""

from rigs.sim.network.layout import QUIC_TUN, CatchAll, Namespace, Uplink
from rigs.sim.network.sealed import SealedNetwork

__all__ = ["QUIC_TUN", "CatchAll", "Namespace", "SealedNetwork", "Uplink"]
