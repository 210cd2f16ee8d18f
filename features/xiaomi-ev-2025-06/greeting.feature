Feature: The assistant's greeting
  The assistant greets whom it knows, and knows people by what they do from day to day. That is a lot, so there is a switch
  for it, and the place has a second one. What was heard in the car stays in the car.

  @XM-12-01 @XM-12-02 @XM-12-03 @XM-12-04 @XM-12-05
  Rule: It learns what the policy lists and no more

    Scenario: A drive with the greeting on, and a phone with a calendar
      Given a Xiaomi car with the location permission on
      And the greeting is switched on
      When the phone brings its calendar
      And it is driven for 10 minutes
      And 1 minute has passed
      Then exactly these leave the car for it
        | item                        | recipient | for      | uplink   |
        | account id                  | Xiaomi    | greeting | cellular |
        | assistant's nickname        | Xiaomi    | greeting | cellular |
        | VIN                         | Xiaomi    | greeting | cellular |
        | role of an account          | Xiaomi    | greeting | cellular |
        | time of powering on and off | Xiaomi    | greeting | cellular |
        | driver's setting            | Xiaomi    | greeting | cellular |
        | position                    | Xiaomi    | greeting | cellular |
        | anniversary                 | Xiaomi    | greeting | cellular |
        | home address                | Xiaomi    | greeting | cellular |
        | address of the workplace    | Xiaomi    | greeting | cellular |
        | favourite place             | Xiaomi    | greeting | cellular |
        | destination                 | Xiaomi    | greeting | cellular |
        | commute                     | Xiaomi    | greeting | cellular |
      And every transmission is covered by the policy

  @XM-12-06
  Rule: Switched off, it learns nothing any more

    Scenario: After a day of greetings the driver has had enough
      Given a Xiaomi car with the location permission on
      And the greeting is switched on
      And it has been driven for 5 minutes
      When the greeting is switched off
      And the phone brings its calendar
      And it is driven for 10 minutes
      And 1 hour has passed
      Then nothing leaves the car for the greeting
      And every transmission is covered by the policy

  @XM-P1-06 @XM-12-02
  Rule: Without the location permission it greets without a place

    Scenario: With the location permission off no place leaves for the greeting
      Given a Xiaomi car with the greeting on
      And the location permission is switched off
      When it is driven for 10 minutes
      And 1 minute has passed
      Then exactly these leave the car for it
        | item                        | recipient | for      | uplink   |
        | account id                  | Xiaomi    | greeting | cellular |
        | assistant's nickname        | Xiaomi    | greeting | cellular |
        | VIN                         | Xiaomi    | greeting | cellular |
        | role of an account          | Xiaomi    | greeting | cellular |
        | time of powering on and off | Xiaomi    | greeting | cellular |
        | driver's setting            | Xiaomi    | greeting | cellular |
      And no location leaves the car for the greeting
      And every transmission is covered by the policy
