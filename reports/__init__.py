"""How others see a run.

run folder    everything captured and concluded, written as it goes
allure        titles, Gherkin steps, labels and evidence for allure-pytest
excerpt       a transmission with its sightings marked, masked
tables        the verdict table of the terminal
jsonlines     one sighting a line, the contract of ``audit`` and ``sandbox``
"""
