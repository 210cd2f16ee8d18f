Feature: Devices near by
  To find a phone or a lamp the car has to make itself known. It asks before it does: without the permission nobody near by hears
  of it, whatever is tried.

  @XM-P3-01 @XM-P3-03
  Rule: Without the permission the car is not to be found

    Scenario: A phone looks for the car and a lamp is to be paired, with the permission off
      Given a Xiaomi car with the nearby devices permission off
      And the phone's Bluetooth connection is switched on
      And the Bluetooth permission is switched on
      When the phone looks for the car
      And a lamp is paired
      And 5 minutes have passed
      Then no Bluetooth address, no device's name and no WiFi name (SSID) leaves the car
      And nothing leaves the car for the phone interconnect
      And nothing leaves the car for the smart devices
