Feature: Cloud sync
  What a driver has set can follow the driver's account into other cars. The driver switches that on, and the settings go
  with the account and the times of their changes, to the maker and to whoever is signed in with that account.

  @XM-01-01
  Rule: The switch comes first

    Scenario: A setting that is changed with cloud sync off stays in the car, over a restart as well
      Given a Xiaomi car with the cloud sync off
      When the driver changes a setting
      And it is powered off and on again
      And 10 minutes have passed
      Then no driver's setting leaves the car
      And nothing leaves the car for the cloud sync

  @XM-01-02 @XM-01-03 @XM-RT-02
  Rule: Settings, the account and when they were changed, and nothing else

    Scenario: A setting that is corrected in the car is corrected in the cloud
      Given a Xiaomi car with the cloud sync on
      And the driver changes a setting
      When the driver changes a setting
      Then within 10 seconds exactly these leave the car for it
        | item                       | recipient | for        | uplink   |
        | account id                 | Xiaomi    | cloud sync | cellular |
        | driver's setting           | Xiaomi    | cloud sync | cellular |
        | time of a profile's change | Xiaomi    | cloud sync | cellular |
      And the owner's app can fetch the driver's setting
      And every transmission is covered by the policy

  @XM-01-04 @XM-RT-01
  Rule: An account has its own settings, and sees no other's

    Scenario: Neither another account's app nor a co-user in the car gets the owner's settings
      Given a Xiaomi car with the cloud sync on
      When the driver changes a setting
      Then the owner's app can fetch the driver's setting
      And another account's app cannot fetch the driver's setting
      When a co-user who has agreed signs in
      And the driver changes a setting
      Then no driver's setting and no account id leaves the car for the cloud sync
      And every transmission is covered by the policy

  @XM-RT-06
  Rule: What the driver deletes is deleted

    Scenario: A profile that was deleted in the car is gone from the cloud a minute later
      Given a Xiaomi car with the cloud sync on
      When the driver changes a setting
      Then the owner's app can fetch the driver's setting
      When the driver deletes the stored profile
      And 70 seconds have passed
      Then the driver's setting can no longer be retrieved, through the app or at its direct address
