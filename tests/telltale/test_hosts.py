"""Host patterns as people write them."""

import pytest

from telltale.hosts import checked_pattern, meets, nearest


@pytest.mark.parametrize(
    ("pattern", "host", "met"),
    [
        ("ota.x.test", "OTA.x.test.", True),
        ("ota.x.test", "a.ota.x.test", False),
        ("*.x.test", "ota.x.test", True),
        ("*.x.test", "a.b.x.test", True),
        ("*.x.test", "x.test", False),
        ("*.x.test", "evilx.test", False),
        ("*", "192.0.2.1", True),
    ],
)
def test_a_pattern_is_a_name_or_an_ending(pattern, host, met):
    """Case and the root's dot make no difference."""
    assert meets(pattern, host) is met


def test_the_most_specific_pattern_counts():
    """The name itself, then the longest ending, then the star."""
    patterns = ["*", "*.test", "*.x.test", "ota.x.test"]
    assert nearest(patterns, "ota.x.test") == "ota.x.test"
    assert nearest(patterns, "tsp.x.test") == "*.x.test"
    assert nearest(patterns, "y.test") == "*.test"
    assert nearest(patterns, "192.0.2.1") == "*"
    assert nearest(["*.x.test"], "y.test") is None


@pytest.mark.parametrize("text", ["", "*.", "*", "https://x.test/", "a*.x.test", "x .test", "*..x.test"])
def test_what_is_no_pattern_is_refused(text):
    """With the mend."""
    with pytest.raises(ValueError, match=r"expected a host, `ota.example.test`, or `\*.example.test`"):
        checked_pattern(text)
