Feature: Workshop
  A workshop may give the car another VIN, when the T-Box is exchanged for one. Neither the old one nor the new one rides along
  with the plan off.

  @XM-21-03 @XM-20-01
  Rule: With the experience plan off, no VIN rides along, however often it was written

    Scenario: A VIN that the workshop wrote is not sent for the plan, nor is the one before it
      Given a Xiaomi car with the user experience plan off
      When the workshop writes another VIN
      And it is driven for 10 minutes
      Then no VIN and no account id leaves the car for the user experience plan
      And the mandated report keeps running every 10 seconds with its VIN and position
      And every transmission is covered by the policy
