Feature: Emergency call
  A collision places a call by itself, and a press of the SOS button does. BMW's agent then sees which car it is and what became of it.
  The document lists the direction of travel and data on the accident; a position is not among them.

  @MC-049 @MC-068
  Rule: An accident is told to BMW, and nothing is when there was none

    Scenario: After a collision BMW learns which car it was
      Given a MINI with the location permission off
      When it crashes
      Then within 30 seconds exactly these leave the car for it
        | item | recipient | for                        | uplink   |
        | VIN  | BMW       | intelligent emergency call | cellular |
      And every transmission is covered by the policy

    Scenario: A press of the SOS button tells BMW as much
      Given a MINI with the location permission off
      When the SOS button is pressed
      Then within 30 seconds exactly these leave the car for it
        | item | recipient | for                        | uplink   |
        | VIN  | BMW       | intelligent emergency call | cellular |
      And every transmission is covered by the policy

    Scenario: A kerb is no accident
      Given a MINI with the location permission off
      When it is driven for 10 minutes
      And it jolts over a kerb
      And 10 minutes have passed
      Then nothing leaves the car for the intelligent emergency call
      And every transmission is covered by the policy
