Feature: Sentry live view
  The owner can look at the car's surroundings in the app. A stream leaves the car only while somebody watches.

  @XM-02-10
  Rule: No watcher, no stream

    Scenario: The stream begins with the watcher and ends with the watcher
      Given a locked Xiaomi car with the sentry mode on
      When the owner watches the car in the app
      Then within 10 seconds exactly these leave the car for it
        | item         | recipient | for              | uplink   |
        | sentry video | Xiaomi    | sentry live view | cellular |
      And every transmission is covered by the policy
      When the owner stops watching
      And 10 minutes have passed
      Then nothing leaves the car for the sentry live view
      And no sentry video leaves the car

    Scenario: Nobody watches, and nothing is streamed
      Given a locked Xiaomi car with the sentry mode on
      When a person walks up to the car
      And 10 minutes have passed
      Then nothing leaves the car for the sentry live view
      And no sentry video leaves the car

  @XM-02-11
  Rule: Whoever stands round the car is not shown

    Scenario: In what the owner watches no face can be made out
      Given a locked Xiaomi car with the sentry mode on
      When the owner watches the car in the app
      And 10 seconds have passed
      Then no face can be made out in the sentry video that leaves for the sentry live view
