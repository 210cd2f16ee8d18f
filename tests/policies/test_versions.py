"""Each version of the unit's software is judged apart."""

from policies.versions import by_version
from policies.window import Window
from telltale.finding import Finding, Judgement
from telltale.timeline import Timeline
from telltale.times import SECOND
from telltale.transmission import Address, Transmission
from telltale.verdict import Verdict

ADDRESS = Address(ip="203.0.113.1", port=443)


def transmission(index, second):
    return Transmission(
        index=index,
        channel="https",
        uplink="cellular",
        sent=second * SECOND,
        ended=second * SECOND,
        bench=second * SECOND,
        source=ADDRESS,
        destination=ADDRESS,
        summary="POST /",
    )


def window(versions, *seconds):
    timeline = Timeline()
    for second, version in versions:
        timeline.record(second * SECOND, "software", version, "adb")
    return Window(
        transmissions=tuple(transmission(n, second) for n, second in enumerate(seconds)),
        sightings=(),
        timeline=timeline,
    )


def judge(part):
    """Violates where a transmission was sent at second 70; inconclusive where nothing was."""
    bad = [t for t in part.transmissions if t.bench == 70 * SECOND]
    findings = [Finding(verdict=Verdict.VIOLATES, reason="too late", transmission=t) for t in bad]
    gaps = [] if part.transmissions else ["nothing left"]
    return Judgement.of("claim", findings, gaps=gaps, readings=("strict", "lenient"))


def test_one_version_is_judged_as_ever():
    judgement = by_version(window([(0, "1.2")], 5, 70), (0, 100 * SECOND), judge)
    assert judgement == judge(window([], 5, 70))
    assert by_version(window([], 5), (0, 100 * SECOND), judge).verdict is Verdict.COMPLIES


def test_each_version_says_what_it_came_to_and_the_gravest_counts():
    judgement = by_version(window([(0, "1.2"), (50, "1.3")], 5, 70), (0, 100 * SECOND), judge)
    assert [f.reason for f in judgement.findings] == [
        "with software 1.2: complies (strict reading), complies (lenient reading)",
        "with software 1.3: violates (strict reading), violates (lenient reading)",
        "with software 1.3: too late",
    ]
    assert judgement.verdict is Verdict.VIOLATES


def test_a_version_that_could_not_be_judged_keeps_the_others_from_complying():
    judgement = by_version(window([(0, "1.2"), (50, "1.3")], 5), (0, 100 * SECOND), judge)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.notes == ("with software 1.3: nothing left",)


def test_the_moment_before_an_update_in_which_nothing_left_is_no_version_of_the_window():
    """A window that begins with the update is about the new version; what did leave before is judged all the same."""
    versions = [(0, "1.2"), (50, "1.3")]
    start = 50 * SECOND - 1
    assert by_version(window(versions, 5, 60), (start, 100 * SECOND), judge).verdict is Verdict.COMPLIES
    late = by_version(window([(0, "1.2"), (71, "1.3")], 5, 70, 80), (70 * SECOND, 100 * SECOND), judge)
    assert late.verdict is Verdict.VIOLATES


def test_what_left_before_the_version_was_read_belongs_to_the_first():
    judgement = by_version(window([(20, "1.2"), (50, "1.3")], 5, 60), (0, 100 * SECOND), judge)
    assert judgement.verdict is Verdict.COMPLIES
