Feature: Remote control
  A sleeping car is called by a text message: it wakes, asks the maker for the command that waits, and sleeps again.

  @XM-14-02
  Rule: Being called, the car tells which one it is and no more

    Scenario: Woken by a text message the car asks for its commands alone
      Given a Xiaomi car with the user experience plan off
      And it has fallen asleep
      When it is woken by an SMS
      And 5 minutes have passed
      Then exactly these leave the car for it
        | item | recipient | for            | uplink   |
        | VIN  | Xiaomi    | remote control | cellular |
      And every transmission is covered by the policy
