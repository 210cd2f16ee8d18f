Feature: Master mode
  A driver who wants all of the car's power passes a quiz on safety first. The maker keeps the result with the account, so that
  the next car opens the mode without asking again.

  @XM-10-01 @XM-10-02
  Rule: The account and that it has passed, and nothing before

    Scenario: The mode stays shut until the quiz is passed, and then tells the account and the result
      Given a Xiaomi car with the location permission on
      When the driver chooses master mode
      And it is driven for 5 minutes
      Then the screen says "Master mode opens once the safety quiz is passed"
      And nothing leaves the car for the master mode
      When the driver passes the safety quiz
      Then within 10 seconds exactly these leave the car for it
        | item                     | recipient | for         | uplink   |
        | account id               | Xiaomi    | master mode | cellular |
        | state of the safety quiz | Xiaomi    | master mode | cellular |
      And every transmission is covered by the policy
