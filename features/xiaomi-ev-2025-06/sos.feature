Feature: SOS
  A collision starts SOS by itself: the car's state goes to a rescue centre, whatever else has been refused. The document
  speaks of the collision signal alone, so neither a press of the button nor a blow lets data out.

  @XM-22-04 @XM-22-05
  Rule: A collision tells the rescue centre where the car is, and nobody else

    Scenario: After a collision the rescue centre learns where the car is
      Given a Xiaomi car with the location permission off
      When it crashes
      Then within 30 seconds exactly these leave the car for it
        | item     | recipient     | for | uplink   |
        | position | rescue centre | SOS | cellular |
      And every transmission is covered by the policy

    Scenario: Without a collision signal SOS sends nothing
      Given a Xiaomi car with the location permission off
      When the SOS button is pressed
      And a person strikes the car
      And 10 minutes have passed
      Then nothing leaves the car
