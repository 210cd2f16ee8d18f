Feature: Car and home
  Devices of the house are imported into the car, join it, are bound to an account and controlled. Each step names what
  it needs and no more.

  @XM-06-06 @XM-06-08
  Rule: The channel says which car, binding whose device, and control which device

    Scenario: A lamp is imported, bound and dimmed
      Given a Xiaomi car with the device binding on
      When Mi Home's devices are imported
      And 15 minutes have passed
      Then exactly these leave the car for it
        | item       | recipient | for                 | uplink   |
        | VIN        | Xiaomi    | car-home connection | cellular |
        | account id | Xiaomi    | car-home connection | cellular |
        | device id  | Xiaomi    | car-home connection | cellular |
      When the lamp is bound
      Then exactly these leave the car for it
        | item           | recipient | for                 | uplink   |
        | account id     | Xiaomi    | car-home connection | cellular |
        | device id      | Xiaomi    | car-home connection | cellular |
        | device's state | Xiaomi    | car-home connection | cellular |
      When the lamp is dimmed
      Then exactly these leave the car for it
        | item                | recipient | for                 | uplink   |
        | account id          | Xiaomi    | car-home connection | cellular |
        | device id           | Xiaomi    | car-home connection | cellular |
        | MAC address         | Xiaomi    | car-home connection | cellular |
        | device's credential | Xiaomi    | car-home connection | cellular |
        | device's state      | Xiaomi    | car-home connection | cellular |
      And every transmission is covered by the policy

  @XM-06-07
  Rule: How a device joins decides what is told of it

    Scenario: Over Bluetooth the hotspot is not told; over the hotspot Bluetooth is not
      Given a Xiaomi car with the nearby devices permission on
      When a lamp joins over Bluetooth
      Then exactly these leave the car for it
        | item              | recipient | for                 | uplink   |
        | Bluetooth address | Xiaomi    | car-home connection | cellular |
        | device id         | Xiaomi    | car-home connection | cellular |
        | device's state    | Xiaomi    | car-home connection | cellular |
      When a lamp joins the car's hotspot
      Then exactly these leave the car for it
        | item           | recipient | for                 | uplink   |
        | hotspot's name | Xiaomi    | car-home connection | cellular |
        | MAC address    | Xiaomi    | car-home connection | cellular |
        | device id      | Xiaomi    | car-home connection | cellular |
        | device's state | Xiaomi    | car-home connection | cellular |
      And every transmission is covered by the policy
