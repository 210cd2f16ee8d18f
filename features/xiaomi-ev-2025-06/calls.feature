Feature: Calls in the car
  The car telephones by itself, over Carlink and over CarPlay, and devices in it may call as well. What the microphone hears
  goes to the phone or device that makes the call, to nobody else, and nowhere without the permission.

  @XM-P2-01 @XM-P2-02 @XM-P7-01 @XM-P7-03 @XM-P8-01 @XM-P8-03
  Rule: The sound of a call goes to whoever makes it

    Scenario: Four calls and a question, and each phone gets its own
      Given a Xiaomi car with the Bluetooth permission on
      And the microphone permission is switched on
      And the contacts permission is switched off
      When a call is made through the car
      And a call is made with a device in the car
      And Carlink is started
      And a call is made over Carlink
      And CarPlay is started
      And a call is made over CarPlay
      And Siri is asked over CarPlay
      And 30 seconds have passed
      Then exactly these leave the car for it
        | item              | recipient       | for           | uplink    |
        | sound of a call   | connected phone | telephone     | bluetooth |
        | sound of a call   | bound device    | smart devices | bluetooth |
        | Bluetooth address | connected phone | Carlink       | bluetooth |
        | sound of a call   | connected phone | Carlink       | bluetooth |
        | Bluetooth address | connected phone | CarPlay       | bluetooth |
        | sound of a call   | connected phone | CarPlay       | bluetooth |
      And every transmission is covered by the policy

  @XM-P2-01 @XM-P2-02 @XM-P2-03 @XM-P7-03 @XM-P8-03
  Rule: Without the microphone nothing is heard

    Scenario: With the microphone permission off the phones are there and no sound is
      Given a Xiaomi car with the microphone permission off
      And the Bluetooth permission is switched on
      When a call is made through the car
      And a call is made with a device in the car
      And Carlink is started
      And a call is made over Carlink
      And CarPlay is started
      And a call is made over CarPlay
      And Siri is asked over CarPlay
      And 1 minute has passed
      Then the screen says "Calls need the microphone"
      And exactly these leave the car for it
        | item              | recipient       | for     | uplink    |
        | Bluetooth address | connected phone | Carlink | bluetooth |
        | Bluetooth address | connected phone | CarPlay | bluetooth |
      And no sound recording leaves the car
      And every transmission is covered by the policy

  @XM-P3-02 @XM-P7-01 @XM-P8-01
  Rule: Without Bluetooth there is no phone in the car

    Scenario: With the Bluetooth permission off nobody calls and nobody connects
      Given a Xiaomi car with the Bluetooth permission off
      And the microphone permission is switched on
      When a phone is connected over Bluetooth
      And a call is made through the car
      And Carlink is started
      And a call is made over Carlink
      And CarPlay is started
      And a call is made over CarPlay
      And 1 minute has passed
      Then nothing leaves the car for the telephone
      And nothing leaves the car for the Carlink
      And nothing leaves the car for the CarPlay
