"""Any bytes go through every decoder, every kind of file and the search, and no promise is broken.

A quick round of what `benchmarks/fuzz.py` does for long; the inputs are the same each time.
"""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making.targets import TARGETS, seeds

edits = st.lists(
    st.tuples(st.integers(0, 1 << 16), st.sampled_from(("insert", "replace", "cut", "double")), st.binary(max_size=8)),
    max_size=6,
)


@cache
def sown(target):
    return [seed.data for seed in seeds() if seed.target == target and len(seed.data) < 4096]


def changed(data, edits):
    for place, how, new in edits:
        at = place % (len(data) + 1)
        if how == "cut":
            data = data[:at]
        elif how == "double":
            data = data[:at] + data[: at + len(new)] + data[at:]
        else:
            data = data[:at] + new + data[at + len(new) * (how == "replace") :]
    return data


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_changed_messages_break_no_promise(target, data):
    """A message of the corpus, cut, doubled and overwritten at some places."""
    seed = data.draw(st.sampled_from(sown(target)))
    TARGETS[target](changed(seed, data.draw(edits)))


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(noise=st.binary(max_size=400))
def test_any_bytes_break_no_promise(target, noise):
    """Bytes without any sense."""
    TARGETS[target](noise)
