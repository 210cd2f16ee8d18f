"""A simulated unit whose clock is wrong."""

from telltale.times import SECOND, utc

UNIT = """
unit: test
made by: Test
uplink: cellular
clock: {behind: 90 s}
state: {}
functions:
  hello:
    sends:
      hello: {on app: com.test, post: "https://ux.maker.test/hello", json: {at: "{now}"}}
"""


def test_it_tells_its_own_time_over_adb_and_stamps_with_it(bench, recorder):
    """Both are the same clock; the bench's is another."""
    bench.start_unit(UNIT, addresses={"ux.maker.test:443": recorder.address}, **bench.open_ports())
    wrong = bench.clock.now() - 90 * SECOND
    assert bench.adb_shell("date +%s.%N").strip() == f"{wrong // SECOND}.{wrong % SECOND:09d}"
    assert bench.adb_shell("date +%s").strip() == str(wrong // SECOND)
    assert "usage: date" in bench.adb_shell("date")
    bench.adb_shell("am start -n com.test/.Main")
    bench.unit.settle()
    assert recorder.bodies() == [{"at": utc(wrong)}]
