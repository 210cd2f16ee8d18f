Feature: Sentry mode
  In Park and locked, with the mode on, cameras watch the surroundings. A danger event may be uploaded; the same paragraph says
  that nothing is stored, in the car or in the cloud. The strict reading takes that at its word; the lenient one allows the
  upload to be kept while it is handled, and the bench sets 60 minutes for that.

  @XM-02-05 @XM-02-06 @XM-02-07
  Rule: Sentry video does not stay in the cloud

    Scenario: Uploaded sentry video is gone, in both readings of a policy that contradicts itself
      Given a locked Xiaomi car with the sentry mode on
      When a person strikes the car
      Then within 10 seconds exactly these leave the car for it
        | item                    | recipient | for         | uplink   |
        | sentry video            | Xiaomi    | sentry mode | cellular |
        | notification            | Xiaomi    | sentry mode | cellular |
        | VIN                     | Xiaomi    | sentry mode | cellular |
        | account id              | Xiaomi    | sentry mode | cellular |
        | vehicle's running state | Xiaomi    | sentry mode | cellular |
      And the owner's app can fetch the sentry video
      When 60 seconds have passed since the upload
      Then under the strict reading the sentry video can no longer be retrieved, through the app or at its direct address
      When 60 minutes have passed since the upload
      Then under the lenient reading the sentry video can no longer be retrieved, through the app or at its direct address
      And every transmission is covered by the policy

  @XM-02-01 @XM-02-05
  Rule: Sentry films only when it is on, in Park and locked

    Scenario: With sentry mode off a danger event sends nothing
      Given a locked Xiaomi car with the sentry mode off
      When a person strikes the car
      And 10 minutes have passed
      Then no sentry video leaves the car
      And nothing leaves the car for the sentry mode

    Scenario: An unlocked car sends no sentry video
      Given an unlocked Xiaomi car with the sentry mode on
      When a person strikes the car
      And 10 minutes have passed
      Then no sentry video leaves the car
      And nothing leaves the car for the sentry mode

    @XM-02-02 @XM-02-04 @XM-02-09
    Scenario: A person who only walks up is not sent to the cloud
      Given a locked Xiaomi car with the sentry mode on
      When a person walks up to the car
      And 10 minutes have passed
      Then no sentry video leaves the car
      And nothing leaves the car

  @XM-02-02 @XM-02-09 @XM-02-12 @XM-02-13 @XM-02-14 @XM-02-17
  Rule: The danger is judged in the car, and told in few words

    Scenario: Without a network the car judges all the same, and tells the film and the notification once it can
      Given a locked Xiaomi car with the sentry mode on
      When coverage is lost
      And the wifi is lost
      And a person strikes the car
      And 5 seconds have passed
      Then the screen says "Someone came near and struck the car"
      When coverage is back
      And 30 seconds have passed
      Then exactly these leave the car for it
        | item                    | recipient | for         | uplink   |
        | sentry video            | Xiaomi    | sentry mode | cellular |
        | notification            | Xiaomi    | sentry mode | cellular |
        | VIN                     | Xiaomi    | sentry mode | cellular |
        | account id              | Xiaomi    | sentry mode | cellular |
        | vehicle's running state | Xiaomi    | sentry mode | cellular |
      And every transmission is covered by the policy
