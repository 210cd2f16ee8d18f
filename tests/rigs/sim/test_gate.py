"""What stands before all functions of a unit: consent, say, without which none of them acts."""

UNIT = """
unit: test
made by: Test
uplink: cellular
state:
  consent: {default: given, setting: global/consent, values: {"0": missing, "1": given}, kept: true}
gate: {consent: given}
functions:
  diary:
    sends:
      entry: {on app: com.test, post: "https://ux.maker.test/diary", json: {what: diary}}
  report:
    regardless: true
    sends:
      entry: {on app: com.test, post: "https://ux.maker.test/report", json: {what: report}}
  reminder:
    while: {consent: missing}
    sends:
      entry: {on app: com.test, post: "https://ux.maker.test/reminder", json: {what: reminder}}
"""


def told(bench, recorder):
    """What the functions send when the app is opened now."""
    before = len(recorder.bodies())
    bench.adb_shell("am start -n com.test/.Main")
    bench.unit.settle()
    return [body["what"] for body in recorder.bodies()[before:]]


def test_behind_a_closed_gate_only_what_is_regardless_or_asks_for_it_acts(bench, recorder):
    """It opens and closes at once, whenever the fact changes."""
    bench.start_unit(UNIT, addresses={"ux.maker.test:443": recorder.address}, **bench.open_ports())
    assert told(bench, recorder) == ["diary", "report"]
    bench.adb_shell("settings put global consent 0")
    assert told(bench, recorder) == ["report", "reminder"]
    bench.adb_shell("settings put global consent 1")
    assert told(bench, recorder) == ["diary", "report"]
