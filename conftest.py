"""What this repository's own runs add; all that a run of scenarios needs comes with the plugin, see steps/plugin.py."""

import pytest

from trials.setup import commit


def pytest_report_header(config: pytest.Config) -> str:
    """Say which state of the bench the results belong to."""
    return f"bench: {commit(config.rootpath) or 'not a git checkout'}"
