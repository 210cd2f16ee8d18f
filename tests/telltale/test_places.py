"""Levels of precision."""

import pytest

from telltale.places import level


@pytest.mark.parametrize(
    ("metres", "name"),
    [(0.1, "exact"), (111.32, "exact"), (1113.2, "district"), (11132.0, "city"), (111320.0, "province")],
)
def test_a_precision_has_a_level(metres, name):
    """Two, one and no decimals of a degree tell the district, the city, the province."""
    assert level(metres) == name
