"""The bench round a unit, simulated or real, behind the same protocols.

rig file     names an address for each instrument, or the files of a simulated unit and its cloud
vehicle      how people's words become stimuli on one model of car, and which facts they set
protocol     one capability of a bench (`rigs.protocols`)
driver       implements a protocol on a library of the field (`rigs.drivers`); the same for both kinds of rig
instruments  the drivers that are connected now
stimulator   does what a vehicle file says and records the unit's state in the timeline
identities   fresh values for one run, to be given to the unit and looked for later
peer         what a driver talks to on a simulated rig (`rigs.sim.peers`)
"""
