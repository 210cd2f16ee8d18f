Feature: User feedback
  The feedback client trusts its maker's root alone and shows a key that no one can copy. What it sends is read with the
  keys of the backend that ends its TLS.

  @XM-19-01 @XM-19-06
  Rule: Feedback comes from somebody, and tells no place unless it may

    Scenario: Feedback carries VIN and account id, and no position without the permission
      Given a Xiaomi car with the location permission off
      When the driver sends feedback
      Then within 10 seconds exactly these leave the car for it
        | item       | recipient | for           | uplink   |
        | VIN        | Xiaomi    | user feedback | cellular |
        | account id | Xiaomi    | user feedback | cellular |
      And every transmission is covered by the policy
