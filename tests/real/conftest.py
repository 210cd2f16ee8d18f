"""The bench host and everything round it; see `real_peers`."""

import importlib.util
import sys
from pathlib import Path

import pytest


def _real_peers():
    """The module beside this file: tests are no package, so it is loaded by its path."""
    name = "telltale_tests_real_peers"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("real_peers.py"))
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
def round_the_bench(tmp_path):
    """Sets up car, laboratory and internet round a bench host, for a simulated car's rig file and its defects."""
    pytest.importorskip("can_remote", reason="python-can-remote is not installed")
    return lambda rig, *defects: _real_peers().RealPeers(tmp_path, rig, defects)
