"""Sealed networks for the tests of this folder."""

import os
import time

import pytest

from rigs.sim.network import SealedNetwork
from telltale.errors import NamespacesRefusedError

PATIENCE = 20.0


@pytest.fixture(scope="session")
def open_network():
    """Opens a sealed network, or skips the test with the line that says why this host refuses it."""

    def open_or_skip(**options):
        try:
            return SealedNetwork.open(**options)
        except NamespacesRefusedError as refused:
            pytest.skip(str(refused))

    return open_or_skip


@pytest.fixture(scope="module")
def network(open_network):
    """One network for the tests that do not wear it out."""
    with open_network() as made:
        yield made


@pytest.fixture
def output(network):
    """Standard output of a program that runs in a namespace and ends with 0."""

    def run(namespace, argv, **options):
        read, write = os.pipe()
        with os.fdopen(read, "rb") as pipe:
            try:
                process = network.spawner(namespace)(argv, stdout=write, **options)
            finally:
                os.close(write)
            text = pipe.read().decode()
        assert process.wait(PATIENCE) == 0
        return text

    return run


@pytest.fixture
def until():
    """Waits for a condition, and fails when it has not come true after a long while."""

    def wait(condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not happen"
            time.sleep(0.01)

    return wait
