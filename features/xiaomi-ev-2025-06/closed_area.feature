Feature: Closed areas
  On a closed track the car gives no speed warnings. Whether it is on one it judges by itself, and forgets the position at once.

  @XM-22-06 @XM-22-07
  Rule: The position is judged in the car, and forgotten

    Scenario: In a closed area no position is told to anybody, or kept
      Given a Xiaomi car with the location permission on
      When it comes into the closed area
      And 60 seconds have passed
      Then the screen says "Closed area, no speed warnings"
      And no location leaves the car for the closed area
      And no location is stored in the car
      And every transmission is covered by the policy

  @XM-22-08 @XM-P1-07
  Rule: Either permission refuses it

    Scenario Outline: With either permission off nothing is judged and no position used
      Given a Xiaomi car with the location permission on
      And the <permission> is switched off
      When it comes into the closed area
      And 10 minutes have passed
      Then nothing leaves the car for the closed area
      And no location leaves the car
      And no location is stored in the car

      Examples:
        | permission                |
        | location permission       |
        | map's location permission |
