Feature: SOS, by hand
  At a bench without a switch unit somebody presses the button and closes the crash line. The bench asks for it and waits for
  the answer; both stand in the report. The same text runs where relays do it (`--rig rigs/xiaomi-su7.yaml`).

  @XM-22-04
  Rule: The collision signal lets the car's place out, a press of the button does not

    Scenario: Somebody presses the SOS button, somebody strikes the car, and no data leaves for it
      Given a Xiaomi car with the location permission off
      When the SOS button is pressed
      And a person strikes the car
      And 10 minutes have passed
      Then nothing leaves the car for the SOS
      And no position leaves the car

    Scenario: Somebody closes the crash line after a press of the button
      Given a Xiaomi car with the location permission off
      When the SOS button is pressed
      And it crashes
      Then within 30 seconds exactly these leave the car for it
        | item     | recipient     | for | uplink   |
        | position | rescue centre | SOS | cellular |
      And every transmission is covered by the policy
