Feature: Charge heat storage
  At the charger the car may store heat for the way ahead. What it has to know for that, the maker learns while the car charges, and
  at no other time.

  @XM-13-01 @XM-13-02
  Rule: What the decision needs, while there is one

    Scenario: At the charger the maker learns what is listed, and on the drive nothing of it
      Given a Xiaomi car with the location permission on
      When a route is chosen
      And it is plugged in to charge
      And 60 seconds have passed
      Then exactly these leave the car for it
        | item            | recipient | for                 | uplink   |
        | VIN             | Xiaomi    | charge heat storage | cellular |
        | charging record | Xiaomi    | charge heat storage | cellular |
        | position        | Xiaomi    | charge heat storage | cellular |
        | navigation data | Xiaomi    | charge heat storage | cellular |
      When it is unplugged
      And it is driven for 20 minutes
      Then nothing leaves the car for the charge heat storage
      And every transmission is covered by the policy
