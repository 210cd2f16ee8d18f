Feature: Contacts and call log
  A phone may let the car read whom its user knows and has called. The car keeps that to itself, and goes without if asked to.

  @XM-P4-01 @XM-P4-02 @XM-P7-02 @XM-P8-04
  Rule: Allowed, the phone book comes into the car and stays there

    Scenario: A day with a phone book in the car
      Given a Xiaomi car with the Bluetooth permission on
      And the contacts permission is switched on
      And the user experience plan is switched on
      When a phone is connected over Bluetooth
      And Carlink is started
      And a call is made over Carlink
      And CarPlay is started
      And a call is made over CarPlay
      And it is driven for 10 minutes
      And 12 hours have passed
      Then the name in the contacts and call log is stored in the car
      And no name in the contacts and no call log leaves the car
      And everything stored in the car is covered by the policy
      And every transmission is covered by the policy

  @XM-P4-01 @XM-P7-02 @XM-P8-04
  Rule: Refused, it stays on the phone, and the rest works

    Scenario: With the contacts permission off the phones connect and no name is in the car
      Given a Xiaomi car with the contacts permission off
      And the Bluetooth permission is switched on
      When a phone is connected over Bluetooth
      And Carlink is started
      And a call is made over Carlink
      And CarPlay is started
      And a call is made over CarPlay
      And 1 minute has passed
      Then exactly these leave the car for it
        | item              | recipient       | for     | uplink    |
        | Bluetooth address | connected phone | Carlink | bluetooth |
        | Bluetooth address | connected phone | CarPlay | bluetooth |
      And no name in the contacts and no call log is stored in the car
