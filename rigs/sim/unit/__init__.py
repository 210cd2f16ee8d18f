"""Simulated units: cars as data, played by one engine over real sockets.

unit file   says which functions the car has, what sets their conditions, what they send where, and how encoded
fact        something the car knows about itself (ignition, a switch), set by a CAN signal or a setting
function    what the car does for somebody; it is active while its facts hold
send        one message of a function: a trigger, a destination, a content
queue       messages made at one time and sent at another
link        a connection on which the cloud hands commands to the car
flash       what survives power-off

`model` is the file's shape and is read by the bench; `python -m rigs.sim.unit` is the car and reads the checked data
from its boot configuration. Units are written from the car's side and know nothing of any policy.
"""
