"""How others see a run.

run folder    everything captured and concluded, written as it goes
allure        titles, Gherkin steps, labels and evidence for allure-pytest
html          the report of Allure's results: one file, closed to the outside
environment   what a session ran on
excerpt       a transmission with its sightings marked, masked
timeline      unit state, transmissions and steps in one picture
overview      what was seen in a capture, alike sightings in one row
audit         the page, the picture and the lines of ``telltale audit`` (`audit_page`, `flow_picture`, `audit_lines`)
tables        of the terminal (verdicts, proof, sightings) and for Allure (CSV)
jsonlines     one sighting a line, the contract of ``audit`` and ``sandbox``
masking       identities hidden, in whatever shape they stand
"""
