Feature: New versions of the policy
  The car shows which version of the policy is in force, and tells of a new one. Until somebody has agreed to that, the old
  one holds: choices stay as they are, and nothing is collected that only the new one would allow.

  @XM-NT-02 @XM-NT-04
  Rule: The driver is told, and is not asked who reads

    Scenario: A new version is told on the screen, and the policy's page names the one in force
      Given a Xiaomi car
      When a new version of the policy comes out
      And 1 minute has passed
      And the driver opens the policy in the settings
      Then the driver is shown "Privacy policy V20260101 is new" for the policy notice
      And the driver is shown "Privacy policy V20250626" for the policy notice
      And no VIN, no account id and no device id leaves the car

  @XM-NT-01 @XM-NT-03
  Rule: A new version opens nothing by itself

    Scenario: While a new version waits for its answer, the old one's limits hold
      Given a Xiaomi car with the user experience plan off
      And the cloud sync is switched on
      When a new version of the policy comes out
      And the driver changes a setting
      And it is driven for 30 minutes
      Then every switch stands as before
      And no VIN and no account id leaves the car for the user experience plan
      And exactly these leave the car for it
        | item                       | recipient | for        | uplink   |
        | account id                 | Xiaomi    | cloud sync | cellular |
        | driver's setting           | Xiaomi    | cloud sync | cellular |
        | time of a profile's change | Xiaomi    | cloud sync | cellular |
      And every transmission is covered by the policy
