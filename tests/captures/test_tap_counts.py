"""Equation 1 of the accounting as arithmetic."""

from dataclasses import asdict

import pytest

from captures.tap import Tally, TapCounts, UplinkCounts

SEEN = Tally(rx_packets=10, rx_bytes=1000, tx_packets=5, tx_bytes=300)


def counts(**changes):
    settings = {
        "uplink": "cellular",
        "interface": "cell0",
        "counter": SEEN,
        "captured": SEEN,
        "dropped_packets": 0,
        "refused_packets": 0,
        "settled": True,
    }
    return UplinkCounts(**(settings | changes))


@pytest.mark.parametrize(
    ("captured", "dropped", "refused", "balance"),
    [
        (SEEN, 0, 0, 0),
        (SEEN - Tally(0, 66, 0, 0), 0, 0, 66),
        (SEEN - Tally(1, 66, 0, 0), 0, 0, 66),
        (SEEN + Tally(1, 66, 0, 0), 0, 0, 66),
        # what one direction has too much never hides what the other lacks
        (SEEN + Tally(1, 66, -1, -66), 0, 0, 132),
        (SEEN - Tally(1, 0, 0, 0), 0, 0, 1),
        # the bytes of a dropped packet are not known to anybody
        (SEEN - Tally(2, 132, 0, 0), 2, 0, 0),
        (SEEN - Tally(2, 132, 0, 0), 1, 0, 1),
        (SEEN, 1, 0, 1),
        # a packet that the interface refused was captured, or it was not
        (SEEN + Tally(0, 0, 1, 60), 0, 1, 0),
        (SEEN, 0, 1, 0),
        (SEEN + Tally(0, 0, 2, 120), 0, 1, 1),
        (SEEN - Tally(0, 0, 1, 60), 0, 1, 1),
        (SEEN - Tally(1, 60, 0, 0), 1, 1, 0),
    ],
)
def test_the_balance_is_0_only_if_every_packet_is_accounted_for(captured, dropped, refused, balance):
    """Captured, counted as dropped or refused by the interface: anything else is off by so much."""
    assert counts(captured=captured, dropped_packets=dropped, refused_packets=refused).balance == balance


def test_only_an_equation_that_closed_without_drops_is_complete():
    """Silence in the capture is silence on the uplink in no other case."""
    assert counts().complete
    assert not counts(settled=False).complete
    assert not counts(aligned=False).complete
    assert not counts(captured=SEEN - Tally(1, 66)).complete
    lossy = counts(captured=SEEN - Tally(1, 66), dropped_packets=1)
    assert lossy.closed
    assert not lossy.complete


def test_a_failure_makes_the_whole_window_incomplete():
    """Whatever the equation says of the uplinks."""
    assert TapCounts(uplinks=(counts(),)).complete
    assert not TapCounts(uplinks=(counts(),), failure="the disk is full").complete
    assert not TapCounts(uplinks=(counts(), counts(uplink="wifi", settled=False))).complete


def test_the_explanation_is_a_line_with_what_is_wrong():
    """Counts, what is missing, and what to look at."""
    assert counts().explain() == (
        "cellular (cell0): 15 packets, 1,300 bytes on the interface; 15 packets, 1,300 bytes captured; 0 dropped"
    )
    off = counts(captured=SEEN - Tally(1, 66), settled=False, aligned=False, offloads=("gro", "tso"), refused_packets=0)
    assert off.explain().endswith(
        "; 66 bytes unaccounted for; gro, tso on (see `ethtool -k cell0`); the counts did not settle; "
        "traffic did not rest when the window began"
    )
    lossy = counts(dropped_packets=3, refused_packets=1)
    assert lossy.explain().endswith("3 dropped; 1 refused by the interface; 2 packets unaccounted for")
    assert TapCounts(uplinks=(counts(),), failure="no space").explain().splitlines()[1:] == ["no space"]


def test_counts_cross_the_line_to_the_bench_unchanged():
    """What the tap tells is what the bench reads."""
    told = TapCounts(uplinks=(counts(offloads=("gro",)), counts(uplink="wifi")), failure="no space")
    assert TapCounts.of(asdict(told)) == told
    assert told["wifi"].uplink == "wifi"
    with pytest.raises(KeyError):
        told["bluetooth"]
