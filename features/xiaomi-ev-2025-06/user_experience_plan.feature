Feature: User experience improvement plan
  The owner may join the plan and leave it. Once it is off, neither the VIN nor the account id is collected for it; run data
  may still go out, without a link to the person.

  @XM-21-03 @XM-20-01
  Rule: With the experience plan off, nobody's name rides along

    Scenario: With the experience plan off no VIN is sent for it
      Given a Xiaomi car with the user experience plan off
      When it is driven for 30 minutes
      Then no VIN and no account id leaves the car for the user experience plan
      And the mandated report keeps running every 10 seconds with its VIN and position
      And every transmission is covered by the policy

  @XM-21-05
  Rule: Off stays off

    Scenario: The plan stays off when the car is powered off and on again
      Given a Xiaomi car with the user experience plan off
      When it is powered off and on again
      And it is driven for 10 minutes
      Then no VIN and no account id leaves the car for the user experience plan
      And every transmission is covered by the policy

    Scenario: The plan stays off when the car's system restarts
      Given a Xiaomi car with the user experience plan off
      When it is rebooted within 2 minutes
      And it is driven for 10 minutes
      Then every switch stands as before
      And no VIN and no account id leaves the car for the user experience plan
      And every transmission is covered by the policy

    Scenario: The plan stays off over a software update
      Given a Xiaomi car with the user experience plan off
      And it has been driven for 5 minutes
      When its software is updated to 1.3.0 within 10 minutes
      And it is driven for 10 minutes
      Then every switch stands as before
      And no VIN and no account id leaves the car for the user experience plan
      And every transmission is covered by the policy

    Scenario: A reset to the factory state ends the plan
      Given a Xiaomi car with the user experience plan on
      And it has been driven for 10 minutes
      When it is reset to the factory state within 5 minutes
      And it is driven for 10 minutes
      And 30 minutes have passed
      Then every switch stands as it left the factory
      And no VIN and no account id leaves the car for the user experience plan
      And every transmission is covered by the policy

    Scenario: Through a night asleep the car keeps to itself
      Given a locked Xiaomi car with the user experience plan off
      And it has been driven for 5 minutes
      When it sleeps for 8 hours
      Then nothing leaves the car
      And every transmission is covered by the policy

    Scenario: What was recorded under the plan is not sent once it is off
      Given a Xiaomi car with the user experience plan on
      And it has been driven for 10 minutes
      When the user experience plan is switched off
      And it is driven for 10 minutes
      And 30 minutes have passed
      Then no VIN and no account id leaves the car for the user experience plan
      And every transmission is covered by the policy

  @XM-21-01 @XM-21-03
  Rule: The switch alone decides

    Scenario: Switching the plan on, off and on again decides what leaves for it
      Given a Xiaomi car with the user experience plan on
      When it is driven for 10 minutes with the user experience plan on, off and on again
      Then the user experience plan alone decides whether VIN and account id leave for it

  @XM-21-04 @XM-AN-03
  Rule: With the plan off, the run data of two drives cannot be linked to one car

    Scenario: With the experience plan off no field of the run data follows the VIN
      Given a Xiaomi car with the user experience plan off
      When it is driven for 5 minutes twice with its own VIN and twice with another
      Then no field follows the VIN for the user experience plan
      And no VIN leaves the car for the user experience plan

  @XM-21-02 @XM-SH-08
  Rule: With the plan on, its records go to the maker alone

    Scenario: With the experience plan on its records go to Xiaomi only
      Given a Xiaomi car with the user experience plan on
      When it is driven for 10 minutes
      Then exactly these leave the car for it
        | item       | recipient | for                  | uplink   |
        | VIN        | Xiaomi    | user experience plan | cellular |
        | account id | Xiaomi    | user experience plan | cellular |
      And every transmission is covered by the policy

  @XM-SE-01 @XM-SH-01
  Rule: What leaves is encrypted, and for recipients of the list

    Scenario: A drive tells nothing in clear and nobody unlisted
      Given a Xiaomi car with the user experience plan on
      When it is driven for 5 minutes
      Then every transmission is covered by the policy
