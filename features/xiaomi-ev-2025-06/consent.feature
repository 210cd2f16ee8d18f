Feature: Agreeing to the policy
  The policy is put before the driver at the first start. Until it is accepted, nothing leaves the car but what the law or an
  emergency asks for; and to have accepted it opens nothing that was not agreed to, or used, on its own.

  @XM-00-03 @XM-00-08
  Rule: Before the answer there is the law, and there are emergencies

    Scenario: A car whose policy nobody has accepted reports by law and calls for help, and does nothing else
      Given a Xiaomi car with the location permission on
      And the policy is put before the driver
      When it is driven for 30 minutes
      And the driver looks for an update
      And the weather app is opened
      And it crashes
      Then no account id leaves the car
      And nothing leaves the car for the OTA
      And the mandated report keeps running every 10 seconds with its VIN and position
      And exactly these leave the car for it
        | item     | recipient     | for | uplink   |
        | position | rescue centre | SOS | cellular |
      And every transmission is covered by the policy

  @XM-00-01 @XM-00-07
  Rule: To accept the policy is not to agree to everything

    Scenario: With the policy accepted and nothing else agreed to, an hour's drive tells nobody who drives
      Given a Xiaomi car with the user experience plan off
      And the cloud sync is switched off
      And the Mi Home car control is switched off
      When it is driven for 60 minutes
      And the driver changes a setting
      Then no account id, no device id and no driver's setting leaves the car
      And every transmission is covered by the policy

  @XM-00-02 @XM-00-12
  Rule: Refusing one service costs that service and no other

    Scenario: Who takes back the consent to sync and plan still gets updates
      Given a Xiaomi car with the cloud sync on
      And the user experience plan is switched on
      And the driver changes a setting
      And the driver looks for an update
      When the cloud sync is switched off
      And the user experience plan is switched off
      And the driver changes a setting
      And the driver looks for an update
      Then nothing leaves the car for the cloud sync
      And the OTA goes on as before with its VIN
      And every transmission is covered by the policy

  @XM-00-04
  Rule: Who borrows the car is asked as well

    Scenario: A co-user's account stays unknown until the co-user has agreed
      Given a Xiaomi car with the cloud sync on
      When a co-user signs in for the first time
      And 10 minutes have passed
      Then the screen says "please read the privacy policy"
      And no co-user's account id leaves the car
      When the co-user agrees to the policy
      Then within 10 seconds exactly these leave the car for it
        | item                 | recipient | for        | uplink   |
        | co-user's account id | Xiaomi    | cloud sync | cellular |
      And every transmission is covered by the policy

  @XM-00-09
  Rule: What the policy does not describe asks first

    Scenario: An app that the policy says nothing of asks, and sends nothing meanwhile
      Given a Xiaomi car
      When the driver opens an app that the policy says nothing of
      And 10 minutes have passed
      Then the screen says "Game Hall asks"
      And nothing leaves the car

  @XM-00-10
  Rule: An update brings no purpose that nobody agreed to

    Scenario: After an update the same drive tells the same recipients
      Given a Xiaomi car with the user experience plan on
      And it has been driven for 10 minutes
      When its software is updated to 1.3.0 within 10 minutes
      And it is driven for 10 minutes
      Then every transmission is covered by the policy

  @XM-00-11
  Rule: Abroad the car keeps to itself

    Scenario: Beyond the border nothing works but the report by law
      Given a Xiaomi car with the location permission on
      And it has been driven from the border to Lang Son in 30 minutes
      When the driver looks for an update
      And the weather app is opened
      And it is driven for 10 minutes
      Then nothing leaves the car for the OTA
      And nothing leaves the car for the weather
      And the mandated report keeps running every 10 seconds with its VIN
      And every transmission is covered by the policy

  @XM-MI-01
  Rule: A minor's account waits for the guardian

    Scenario: Until a guardian has agreed, a minor's account is not used
      Given a Xiaomi car with the cloud sync on
      When a minor signs in and no guardian has agreed
      And the driver changes a setting
      And it is driven for 10 minutes
      Then nothing leaves the car for the cloud sync
      And no account id leaves the car
      And every transmission is covered by the policy
