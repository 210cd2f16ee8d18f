Feature: Software updates
  The update client trusts its maker's root alone, so nobody can stand in between. An engineering build writes down its
  TLS keys, and the bench reads the packets with them.

  @XM-18-02
  Rule: Updates need to know which car it is, not whose or where

    Scenario: Looking for an update tells the VIN, and neither place nor account
      Given a Xiaomi car with the location permission on
      When the driver looks for an update
      Then within 10 seconds exactly these leave the car for it
        | item | recipient | for | uplink   |
        | VIN  | Xiaomi    | OTA | cellular |
      And every transmission is covered by the policy
