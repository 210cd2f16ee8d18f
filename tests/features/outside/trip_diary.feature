Feature: Trip diary

  @EX-01 @EX-02
  Rule: The diary is kept by its switch

    Scenario: With the trip diary off no VIN leaves the car for it
      Given a Roadster with the trip diary off
      When it is driven for 10 minutes
      Then no VIN leaves the car for the trip diary
      And every transmission is covered by the policy
