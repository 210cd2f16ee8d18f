Feature: Phone and car together
  The phone's screen, calls and navigation go on in the car. The two find and trust each other over Bluetooth first;
  by what, they keep to themselves. The cloud learns which car it is when the phone controls it, and not before.

  @XM-06-01 @XM-06-02 @XM-06-03 @XM-06-04 @XM-06-15
  Rule: Bluetooth comes first, and what they trust each other by stays with them

    Scenario: Without Bluetooth the phone does not find the car; with it nobody but the phone learns of the car
      Given a Xiaomi car with the phone's Bluetooth connection off
      And the nearby devices permission is switched on
      When the phone looks for the car
      Then nothing leaves the car for the phone interconnect
      When the phone's Bluetooth connection is switched on
      And the phone looks for the car
      And the phone's screen is shown in the car
      Then the screen says "The phone's screen"
      And exactly these leave the car for it
        | item              | recipient       | for                | uplink    |
        | Bluetooth address | connected phone | phone interconnect | bluetooth |
        | account id        | connected phone | phone interconnect | wifi      |
        | device id         | connected phone | phone interconnect | wifi      |
        | device's name     | connected phone | phone interconnect | wifi      |
        | MAC address       | connected phone | phone interconnect | wifi      |
      And every transmission is covered by the policy
      And everything stored in the car is covered by the policy

  @XM-06-04
  Rule: The cloud learns which car it is when the phone controls it

    Scenario: The phone's device centre locks the car, and the VIN leaves for that once
      Given a Xiaomi car with the phone's Bluetooth connection on
      When the phone's device centre locks the car
      And 5 minutes have passed
      Then exactly these leave the car for it
        | item | recipient | for                | uplink   |
        | VIN  | Xiaomi    | phone interconnect | cellular |
      And every transmission is covered by the policy
