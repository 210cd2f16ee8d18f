Feature: Stopping the service
  Settings, system, privacy statement, connected services, stop: that withdraws every consent at once. So does an account
  that is cancelled. What the law asks of the car goes on.

  @XM-RT-03
  Rule: Once the service is stopped, nothing leaves that rests on consent

    Scenario: A car whose service was stopped reports by law alone
      Given a Xiaomi car with the user experience plan on
      And the cloud sync is switched on
      And it has been driven for 5 minutes
      When the driver stops the service
      And the driver changes a setting
      And it is driven for 30 minutes
      And the driver looks for an update
      Then no account id leaves the car
      And nothing leaves the car for the OTA
      And the mandated report keeps running every 10 seconds with its VIN and position
      And every transmission is covered by the policy

  @XM-RT-11
  Rule: A cancelled account is not heard of again

    Scenario: After the account was cancelled no upload names it
      Given a Xiaomi car with the user experience plan on
      And it has been driven for 10 minutes
      When the owner cancels the account
      And it is driven for 30 minutes
      Then no account id leaves the car
      And the mandated report keeps running every 10 seconds with its VIN and position
      And every transmission is covered by the policy

  @XM-ST-02
  Rule: A stopped service forgets

    Scenario: Three weeks after the service was stopped no setting is left in the cloud
      Given a Xiaomi car with the cloud sync on
      When the driver changes a setting
      Then the owner's app can fetch the driver's setting
      When the driver stops the service
      And 21 days have passed
      And 10 seconds have passed
      Then the driver's setting can no longer be retrieved, through the app or at its direct address
