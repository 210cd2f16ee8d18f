"""One run put together: rig, capture, policy and evidence.

fidelity      which fidelity this host allows
setup         what a scenario is run with, read and checked once
bench, simulated, wiring, loopback, recording, scratch
              the bench of a session, and a fresh car on it for every trial
trial         one scenario's run: car, window of observation, judgements, evidence
observation   what was seen, and every reason not to trust silence
claims        what a Then says, judged
way           what a simulated bench needs of the way between unit and cloud
retrieval     what the maker's cloud still hands out
outcome       verdicts as exceptions, findings as lines
proof         whether scenarios are able to fail
sandbox, cli  any program as the unit; the command line
"""
