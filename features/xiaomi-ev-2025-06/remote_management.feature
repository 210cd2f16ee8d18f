Feature: Remote management
  An owner who binds the car to the app sees there how it stands. The car and the maker's servers know each other by
  certificate, so the bench stands in for the car with a copy of its key.

  @XM-14-01 @XM-14-03
  Rule: The app learns how the car stands, and where only if it may

    Scenario: A car that is locked tells the app, without its place
      Given a Xiaomi car with the app binding on
      When it is locked
      Then within 10 seconds exactly these leave the car for it
        | item          | recipient | for               | uplink   |
        | VIN           | Xiaomi    | remote management | cellular |
        | licence plate | Xiaomi    | remote management | cellular |
      And every transmission is covered by the policy

    @XM-14-06
    Scenario: A car that is bound to no app any more tells nobody that it is locked
      Given a Xiaomi car with the app binding on
      And it has been driven for 5 minutes
      When the app binding is switched off
      And it is locked
      And 10 minutes have passed
      Then no VIN and no licence plate leaves the car for the remote management
      And nothing leaves the car for the remote management
