"""Facts that a page of an app sets: what the user agrees to, chooses or passes on the car's screen."""

UNIT = """
unit: test
made by: Test
uplink: cellular
state:
  terms: {default: open, app: true, values: {com.test/.Agree: accepted, com.test/.Refuse: open}, kept: true}
functions:
  player:
    while: {terms: accepted}
    sends:
      hello: {on app: com.test/.Main, post: "https://ux.maker.test/hello", json: {terms: "{terms}"}}
"""


def test_a_page_of_an_app_sets_a_fact_that_outlives_power_off(bench, recorder):
    """Another page takes it back; the app itself sets nothing."""
    addresses = {"ux.maker.test:443": recorder.address}
    bench.start_unit(UNIT, addresses=addresses, **bench.open_ports())
    bench.adb_shell("am start -n com.test/.Main")
    bench.unit.settle()
    assert recorder.bodies() == []
    bench.adb_shell("am start -n com.test/.Agree")
    bench.unit.settle()
    bench.unit.power_off()
    bench.power_on(**bench.open_ports())
    bench.adb_shell("am start -n com.test/.Main")
    bench.unit.settle()
    assert recorder.bodies() == [{"terms": "accepted"}]
    bench.adb_shell("am start -n com.test/.Refuse")
    bench.adb_shell("am start -n com.test/.Main")
    bench.unit.settle()
    assert len(recorder.bodies()) == 1
