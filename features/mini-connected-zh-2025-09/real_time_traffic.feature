Feature: Real-time traffic
  The car tells BMW how it gets along, and asks the map maker about the road ahead; both only after the driver gave the
  location permission.

  @MC-084 @MC-048
  Rule: Where the car is, is for functions that need it

    Scenario: With the location permission on, the position is for real-time traffic alone
      Given a MINI with the location permission on
      When it is driven for 10 minutes
      Then exactly these leave the car for it
        | item     | recipient | for               | uplink   |
        | position | BMW       | real-time traffic | cellular |
        | position | NavInfo   | real-time traffic | cellular |
      And every transmission is covered by the policy

    Scenario: With the location permission off, nobody learns where the car is
      Given a MINI with the location permission off
      When it is driven for 10 minutes
      Then no position leaves the car
      And every transmission is covered by the policy

  @MC-060
  Rule: Traffic needs to know how fast the car is, and not how far it went or can go

    Scenario: Real-time traffic gets the speed, and neither odometer nor state of charge
      Given a MINI with the location permission on
      When it is driven for 10 minutes
      Then no odometer and no state of charge leaves the car for the real-time traffic
      And the speed leaves the car for BMW only
      And every transmission is covered by the policy
