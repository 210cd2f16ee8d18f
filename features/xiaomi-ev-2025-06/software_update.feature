Feature: Software updates
  The update client trusts its maker's root alone, so nobody can stand in between. An engineering build writes down its
  TLS keys, and the bench reads the packets with them. What is fetched, and when, is the driver's choice.

  @XM-18-01 @XM-18-02 @XM-18-03 @XM-18-04
  Rule: Updates need to know which car it is, not whose or where, and wait for the driver

    Scenario: Looking for an update tells what is listed, and nothing is fetched against the driver's choice
      Given a Xiaomi car with the location permission on
      When the driver looks for an update
      Then within 10 seconds exactly these leave the car for it
        | item                | recipient | for | uplink   |
        | VIN                 | Xiaomi    | OTA | cellular |
        | serial number       | Xiaomi    | OTA | cellular |
        | hardware version    | Xiaomi    | OTA | cellular |
        | choice about updates | Xiaomi | OTA | cellular |
      When the driver declines the update
      And 8 hours have passed
      Then nothing leaves the car for the update download
      When the driver chooses the update
      Then within 10 seconds exactly these leave the car for it
        | item          | recipient | for             | uplink   |
        | serial number | Xiaomi    | update download | cellular |
      And every transmission is covered by the policy
