"""What stands at the other end of the bench's drivers on a simulated rig; the drivers are the ones of a real bench.

In the unit's process, on sockets and ptys that the bench opened: ``adbd`` (with its ``shell``), ``modem``, ``gnss``.
In the bench's process, in one thread of its own (``host``): ``canhub`` and ``supply``, and the ptys' bench side.

The peers speak the real protocols to the real client libraries. None of them knows what the car is or what it sends.
"""
