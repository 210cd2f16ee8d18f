Feature: Smart devices
  A lamp that is plugged into the car stays the car's own business. A lamp of the network is paired, bound and managed,
  and for each of that the maker learns something else; of the neighbours' lamps it learns nothing.

  @XM-04-01 @XM-04-02
  Rule: An attached device is nobody else's business

    Scenario: A lamp that is plugged in is named and updated, and no phone hears of it
      Given a Xiaomi car with the device binding off
      When an attached lamp is named and updated
      And the owner looks for devices in the app
      And 5 minutes have passed
      Then no device's name and no serial number leaves the car
      And no account id leaves the car for the attached devices
      And every transmission is covered by the policy

  @XM-04-03 @XM-04-04
  Rule: Pairing tells who and what, under the permission for devices near by

    Scenario: Without the permission nothing is paired; with it the one lamp is told of, and none beside it
      Given a Xiaomi car with the nearby devices permission off
      When a lamp is paired
      Then nothing leaves the car for the smart devices
      When the nearby devices permission is switched on
      And a lamp is paired
      And 5 minutes have passed
      Then exactly these leave the car for it
        | item              | recipient    | for           | uplink    |
        | account id        | Xiaomi       | smart devices | cellular  |
        | nickname          | Xiaomi       | smart devices | cellular  |
        | account picture   | Xiaomi       | smart devices | cellular  |
        | device's name     | Xiaomi       | smart devices | cellular  |
        | device's model    | Xiaomi       | smart devices | cellular  |
        | MAC address       | Xiaomi       | smart devices | cellular  |
        | device id         | Xiaomi       | smart devices | cellular  |
        | serial number     | Xiaomi       | smart devices | cellular  |
        | hardware version  | Xiaomi       | smart devices | cellular  |
        | Bluetooth address | Xiaomi       | smart devices | cellular  |
        | WiFi name (SSID)  | Xiaomi       | smart devices | cellular  |
        | device's state    | Xiaomi       | smart devices | cellular  |
        | WiFi name (SSID)  | bound device | smart devices | bluetooth |
      And every transmission is covered by the policy

  @XM-04-09
  Rule: What Mi Home pairs is Mi Home's

    Scenario: A lamp that is paired in Mi Home is not collected once more by the car
      Given a Xiaomi car with the nearby devices permission on
      When a lamp is paired in Mi Home
      Then no account id, no serial number and no WiFi name (SSID) leaves the car for the smart devices
      And every transmission is covered by the policy

  @XM-04-05 @XM-04-10
  Rule: A device is managed once it is bound, and what leaves stands on its page

    Scenario: A lamp that nobody has bound tells nothing; a bound one tells what its page shows
      Given a Xiaomi car with the device binding off
      When the lamp's page is opened
      And the owner looks for devices in the app
      Then nothing leaves the car for the smart devices
      When the device binding is switched on
      And the lamp's page is opened
      And the owner looks for devices in the app
      Then the screen says "Reading lamp: warm white, dims at 22:30, 1 process"
      And within 10 seconds exactly these leave the car for it
        | item             | recipient | for           | uplink   |
        | device's setting | Xiaomi    | smart devices | cellular |
        | running process  | Xiaomi    | smart devices | cellular |
        | device's state   | Xiaomi    | smart devices | cellular |
      And every transmission is covered by the policy

  @XM-04-07
  Rule: Who shares a device is told, who uses it is not

    Scenario: A co-user removes the owner's lamp without being named
      Given a Xiaomi car with the device binding on
      When a co-user removes the lamp
      And 15 minutes have passed
      Then exactly these leave the car for it
        | item             | recipient | for           | uplink   |
        | account id       | Xiaomi    | smart devices | cellular |
        | state of sharing | Xiaomi    | smart devices | cellular |
      And every transmission is covered by the policy

  @XM-04-06 @XM-06-09 @XM-P6-01
  Rule: The battery is looked at for an update, and the device says who it is

    Scenario: An update needs the permission and a charged battery, which the car judges for itself
      Given a Xiaomi car with the device binding on
      And the vehicle information permission is switched off
      When the lamp is to be updated
      And 5 minutes have passed
      Then nothing leaves the car for the car-home connection
      And no state of charge leaves the car for the smart devices
      When the vehicle information permission is switched on
      And the battery runs low
      And the lamp is to be updated
      And 5 minutes have passed
      Then the screen says "Charge the car, then update the lamp"
      And nothing leaves the car for the car-home connection
      And no state of charge leaves the car for the smart devices
      When the battery is charged
      And the lamp is to be updated
      Then exactly these leave the car for it
        | item                | recipient | for                 | uplink   |
        | account id          | Xiaomi    | car-home connection | cellular |
        | device id           | Xiaomi    | car-home connection | cellular |
        | device's credential | Xiaomi    | car-home connection | cellular |
      And every transmission is covered by the policy

  @XM-04-08 @XM-06-05 @XM-06-10
  Rule: What starts with the car looks round, and says nothing

    Scenario: The car starts among the neighbours' devices, with none bound and no phone in it
      Given a Xiaomi car with the device binding off
      And the phone's Bluetooth connection is switched off
      And the nearby devices permission is switched on
      When it is powered off and on again
      And 5 minutes have passed
      Then no neighbouring device's address leaves the car
      And nothing leaves the car for the smart devices
      And nothing leaves the car for the car-home connection
      And nothing leaves the car for the phone interconnect
