"""TCP reassembly against a plain model, and the cases that a network brings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from captures.decode.model import Ending, Place
from captures.decode.streams import Direction, Gap

DATA = bytes(range(256)) * 4


def direction(*segments: tuple[int, int], isn: int = 0xFFFF_FF00) -> Direction:
    """A direction fed with slices of DATA, whose sequence numbers wrap."""
    made = Direction()
    made.open(isn)
    for packet, (start, end) in enumerate(segments):
        made.add((isn + 1 + start) & 0xFFFFFFFF, memoryview(DATA)[start:end], packet * 10, packet)
    return made


def test_segments_in_order_are_one_run_across_the_sequence_wrap():
    """The bytes of all segments, without a gap."""
    runs, gaps = direction((0, 200), (200, 400), (400, 500)).runs()
    assert [run.data for run in runs] == [DATA[:500]]
    assert gaps == []


def test_a_segment_out_of_order_fills_its_hole():
    """The order of capture does not matter, and nothing counts as repeated."""
    made = direction((0, 100), (200, 300), (300, 400), (100, 200), (400, 500))
    runs, gaps = made.runs()
    assert ([run.data for run in runs], gaps, made.retransmitted) == ([DATA[:500]], [], 0)


def test_each_byte_knows_its_packet_and_time():
    """A byte that came late maps to the packet that held it."""
    (run,), _ = direction((0, 100), (200, 300), (100, 200)).runs()
    assert [run.at(offset) for offset in (0, 99, 100, 199, 200)] == [
        Place(0, 0), Place(0, 0), Place(20, 2), Place(20, 2), Place(10, 1)
    ]  # fmt: skip
    assert run.after(150).at(0) == Place(20, 2)
    assert run.after(150).data == DATA[150:300]


def test_a_retransmission_counts_as_repeated_and_its_first_copy_stays():
    """Overlapping copies, and a keep-alive probe of one old byte."""
    made = direction((0, 100))
    made.add(0xFFFF_FF01, memoryview(b"x" * 150), 10, 1)
    made.add((0xFFFF_FF01 + 149) & 0xFFFFFFFF, memoryview(b"\0"), 20, 2)
    (run,), _ = made.runs()
    assert run.data == DATA[:100] + b"x" * 50
    assert made.retransmitted == 101
    assert made.captured == len(run) + made.retransmitted


def test_a_hole_cuts_the_stream_and_is_told():
    """Two runs, and where the gap is; the first ends for it."""
    runs, gaps = direction((0, 100), (300, 400)).runs()
    assert [run.data for run in runs] == [DATA[:100], DATA[300:400]]
    assert gaps == [Gap(100, 200)]
    assert runs[0].ending is Ending.GAP
    assert runs[1].ending is Ending.OPEN


def test_bytes_that_only_the_peer_acknowledges_are_a_gap_at_the_end():
    """The tail was on the wire, for its receiver has it."""
    made = direction((0, 100))
    made.acknowledged = (0xFFFF_FF01 + 180) & 0xFFFFFFFF
    runs, gaps = made.runs()
    assert gaps == [Gap(100, 80)]
    assert runs[0].ending is Ending.GAP


def test_bytes_before_the_first_captured_ones_are_a_gap_if_the_syn_is_known():
    """A lost first segment does not shift the stream."""
    _, gaps = direction((50, 100)).runs()
    assert gaps == [Gap(0, 50)]


def test_a_fin_ends_the_stream_and_a_reset_is_told():
    """Closed by the sender, or torn down."""
    made = direction((0, 100))
    made.finished = (0xFFFF_FF01 + 100) & 0xFFFFFFFF
    assert made.runs()[0][0].ending is Ending.CLOSED
    made = direction((0, 100))
    made.reset = True
    assert made.runs()[0][0].ending is Ending.RESET


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 300)), max_size=30))
def test_whatever_arrives_every_byte_is_unique_or_repeated(pieces):
    """Any order and overlap: the runs hold what a byte map holds, and equation 2 closes."""
    segments = [(start, min(start + size, len(DATA))) for start, size in pieces]
    made = direction(*segments)
    runs, gaps = made.runs()
    seen = [any(start <= offset < end for start, end in segments) for offset in range(len(DATA))]
    assert b"".join(run.data for run in runs) == bytes(b for b, known in zip(DATA, seen, strict=True) if known)
    assert made.captured == sum(map(len, runs)) + made.retransmitted
    last = max((end for _, end in segments), default=0)
    assert sum(gap.length for gap in gaps) == seen[:last].count(False)
    known = (place for place in range(len(DATA)) if seen[place])
    for run in runs:
        for offset, place in zip(range(len(run)), known, strict=False):
            start, end = segments[run.at(offset).packet]
            assert start <= place < end
