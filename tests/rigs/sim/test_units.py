"""One engine plays unit files over real sockets."""

PLATFORM = "gb32960.nev-platform.test:32960"
CLOUD = f"""
    cloud: test
    operated by: Test
    sinks:
      plan: {{at: "https://ux.maker.test/v1"}}
    platforms:
      national: {{gbt32960: "{PLATFORM}"}}
"""
UNIT = f"""
    unit: test
    made by: Test
    uplink: cellular
    state:
      ignition: {{default: off, can: VehicleStatus.Ignition, values: {{Run: on, Accessory: off, Off: off}}}}
      speed: {{default: 0.0, can: VehicleStatus.VehicleSpeed}}
    functions:
      mandated report:
        while: {{ignition: on}}
        sends:
          login: {{at: start, gbt32960: login, to: "{PLATFORM}"}}
          report: {{every: 10 s, gbt32960: realtime, to: "{PLATFORM}"}}
          logout: {{at: end, gbt32960: logout, to: "{PLATFORM}"}}
      plan:
        while: {{ignition: on}}
        sends:
          records:
            every: 60 s
            post: https://ux.maker.test/v1/records
            json: {{vin: "{{vin}}", speed: "{{speed}}"}}
"""


def test_a_unit_logs_in_reports_and_sends_while_it_is_driven(bench):
    """Ignition on CAN starts the report and the records, and everything is acknowledged by the cloud."""
    bench.start_cloud(CLOUD)
    bench.start_unit(UNIT)
    bench.send("VehicleStatus", Ignition="Run", Gear="D", VehicleSpeed=50)
    bench.wait("10 minutes")
    bench.send("VehicleStatus", Ignition="Off", Gear="P", VehicleSpeed=0)
    assert bench.unit.failures == []
    assert bench.unit.state()["facts"] == {"ignition": "off", "speed": 0}
