Feature: Find my car
  With the parking photo on, XiaoAi tells where the car stands, in words that are made from the picture, or the owner looks at the
  picture on a watch.

  @XM-03-04 @XM-03-05
  Rule: The car says where it is when it is asked

    Scenario: XiaoAi learns account, place and words once, when it is asked
      Given a locked Xiaomi car with the parking photo on
      And the location permission is switched on
      When 30 minutes have passed
      Then nothing leaves the car for the find my car
      When XiaoAi is asked for the car
      Then exactly these leave the car for it
        | item                        | recipient | for         | uplink   |
        | account id                  | Xiaomi    | find my car | cellular |
        | position                    | Xiaomi    | find my car | cellular |
        | words for the parking place | Xiaomi    | find my car | cellular |
      And every transmission is covered by the policy
      When 30 minutes have passed
      Then nothing leaves the car for the find my car

  @XM-03-04 @XM-03-06
  Rule: It says so to its own account, and only with the parking photo on

    Scenario: XiaoAi under another account learns nothing, and nobody does with the photo off
      Given a locked Xiaomi car with the parking photo on
      And the location permission is switched on
      And the other account in the XiaoAi app is switched on
      When XiaoAi is asked for the car
      And 60 seconds have passed
      Then nothing leaves the car for the find my car
      When the other account in the XiaoAi app is switched off
      And the parking photo is switched off
      And XiaoAi is asked for the car
      And 60 seconds have passed
      Then nothing leaves the car for the find my car
      And every transmission is covered by the policy

  @XM-03-08
  Rule: The watch keeps the account to itself

    Scenario: The picture is opened on the watch, and no account goes with the asking
      Given a locked Xiaomi car with the parking photo on
      When the parking photo is opened on the watch
      And 60 seconds have passed
      Then no account id leaves the phone
      And every transmission is covered by the policy
