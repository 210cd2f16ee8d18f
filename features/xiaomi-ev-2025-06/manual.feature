Feature: User manual
  The manual on the centre screen is that of the car's model, which the maker's server has to be told.

  @XM-15-01
  Rule: The model is enough, and only to who looks

    Scenario: The manual asks for its edition by the model, once it is opened
      Given a Xiaomi car with the location permission on
      When it is driven for 5 minutes
      Then nothing leaves the car for the user manual
      When the manual is opened
      Then within 10 seconds exactly these leave the car for it
        | item            | recipient | for         | uplink   |
        | vehicle's model | Xiaomi    | user manual | cellular |
      And every transmission is covered by the policy
