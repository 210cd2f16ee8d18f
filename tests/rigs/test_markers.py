"""A CAN adapter's clock, told by what comes back."""

from rigs.drivers.markers import Markers


def test_an_answer_lies_between_its_question_and_its_arrival():
    """A stamp of 5,250 for what was on the bus between 200 and 300: ahead by 4,950 to 5,050."""
    markers = Markers()
    markers.asking(200)
    markers.answered(5_250, 300)
    assert markers.best() == (4_950, 5_050)


def test_the_echo_of_the_same_frame_counts_from_its_own_sending():
    """Equal frames come back in the order of sending; those that never came are given up."""
    markers = Markers()
    for moment in (100, 200, 300):
        markers.sending("lost" if moment == 100 else "frame", moment)
    assert markers.echoed("frame", 1_220, 250)
    assert markers.best() == (970, 1_020)
    assert markers.echoed("frame", 1_310, 320)
    assert not markers.echoed("lost", 1_400, 400)


def test_what_another_program_of_this_host_sent_is_no_echo():
    """And costs no frame its own echo."""
    markers = Markers()
    markers.sending("frame", 100)
    assert not markers.echoed("another", 110, 120)
    assert markers.best() is None
    assert markers.echoed("frame", 110, 120)


def test_the_marker_that_leaves_least_open_counts_and_is_told_once():
    markers = Markers()
    for began, arrived in ((100, 200), (300, 310), (400, 450)):
        markers.asking(began)
        markers.answered(began + 5, arrived)
    assert markers.best() == (-5, 5)
    assert markers.best() is None


def test_without_a_question_or_a_stamp_nothing_is_known():
    """Some adapters give no time at all."""
    markers = Markers()
    markers.answered(5, 6)
    markers.asking(1)
    markers.answered(0, 6)
    assert markers.best() is None
