Feature: Third-party apps
  A video app on the centre screen is its operator's. Its terms are put to the user before it does anything, and what it sends is
  not under the maker's policy; so it must be told apart, and may not know the maker's names for car and owner.

  @XM-17-01 @XM-17-03 @XM-SH-04
  Rule: Nothing before its terms, and after them nothing of the maker's

    Scenario: A video app is silent until its terms are agreed to, and never tells car or account
      Given a Xiaomi car with the user experience plan off
      When the video app is opened
      And it is driven for 5 minutes
      Then nothing leaves the car for the third-party apps
      When the driver agrees to the video app's terms
      And the video app is opened
      And it is driven for 5 minutes
      Then exactly these leave the car for it
        | item                             | recipient                     | for              | uplink   |
        | open anonymous device identifier | operator of a third-party app | third-party apps | cellular |
      And no VIN and no account id leaves the car for the third-party apps
      And every transmission is covered by the policy
