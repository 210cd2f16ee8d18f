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

  @XM-14-04 @XM-14-05
  Rule: Commanded from a watch, the maker learns what watch, and the watch keeps what it shows

    Scenario: A command from the owner's watch tells the watch's type, and nothing of how the car stands
      Given a Xiaomi car with the app binding on
      When the owner locks the car from the watch
      And 60 seconds have passed
      Then exactly these leave the car for it
        | item         | recipient | for            | uplink |
        | VIN          | Xiaomi    | remote control | phone  |
        | watch's type | Xiaomi    | remote control | phone  |
      And every transmission is covered by the policy
