"""The simulated rig: units and clouds as data, a sealed network, peers for the bench's instruments."""
