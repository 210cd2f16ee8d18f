"""Simulated clouds: what the makers' servers do with what a car sends, as data, played over real sockets.

sink      takes whatever comes and answers
platform  a GB/T 32960 monitoring platform; acknowledges
store     keeps uploaded recordings for a time and hands them out: to the owner's app and at direct addresses
address   a place at which a recording can be fetched with a signed URL alone
control   an object that every store always serves, by which a probe tells "gone" from "down"
app       what the owner's phone talks to: recordings, notifications, commands to the car
link      where the car waits for those commands

`model` is the file's shape and is read by the bench; `python -m rigs.sim.cloud` plays it. A cloud shares the virtual
clock: what it deletes, it deletes as a due event.

Retention means that bytes are not handed out any more. Whether a real server has erased its disks, no bench can see.
"""
