Feature: CarPlay
  A phone in the car is told things over Bluetooth, which no network capture shows. The unit's own log of its Bluetooth
  controller does: it lies above the radio's encryption.

  @XM-P8-01 @XM-P8-02
  Rule: The phone gets the car's position with the location permission alone

    Scenario: With the location permission off the phone gets no position
      Given a Xiaomi car with the location permission off
      And the Bluetooth permission is switched on
      When CarPlay is started
      Then within 30 seconds exactly these leave the car for it
        | item              | recipient       | for     | uplink    |
        | Bluetooth address | connected phone | CarPlay | bluetooth |
      And no position leaves the car
      And every transmission is covered by the policy

    Scenario: With the location permission on the position goes to the phone only
      Given a Xiaomi car with the location permission on
      And the Bluetooth permission is switched on
      When CarPlay is started
      And 30 seconds have passed
      Then the position leaves the car for connected phone only
      And no VIN leaves the car
      And every transmission is covered by the policy
