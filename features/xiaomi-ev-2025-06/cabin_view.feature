Feature: Cabin view
  In the Mi Home app the owner can look into the cabin through the bound camera: with the car's switch for it on, and with the
  agreement of somebody in the car, unless the car takes nobody to be there.

  @XM-05-05 @XM-05-06
  Rule: Without the car's switch there is no view

    Scenario: With the remote view off nothing is shown, though somebody agrees
      Given a Xiaomi car with the smart camera on
      And the recording to the camera's card is switched on
      And the remote real-time view is switched off
      When the owner asks to see the cabin
      And somebody in the car agrees to be seen
      And 30 minutes have passed
      Then nothing leaves the car for the cabin view
      And no cabin video leaves the car
      And every transmission is covered by the policy
      And the cabin video is stored in the car

  @XM-05-07 @XM-05-09 @XM-05-11
  Rule: Who is in the car agrees first

    Scenario: The view begins with the agreement, a call goes to the phone alone, and all ends with the watching
      Given a Xiaomi car with the smart camera on
      And the remote real-time view is switched on
      When somebody gets in
      And the owner asks to see the cabin
      And 60 seconds have passed
      Then nothing leaves the car for the cabin view
      And no cabin video leaves the car
      When somebody in the car agrees to be seen
      And the owner calls the cabin
      Then within 10 seconds exactly these leave the car for it
        | item                  | recipient       | for        | uplink   |
        | cabin video           | Xiaomi          | cabin view | cellular |
        | setting of the stream | Xiaomi          | cabin view | cellular |
        | sound of a call       | connected phone | cabin view | cellular |
      And the sound of a call leaves the car for connected phone only
      And every transmission is covered by the policy
      When the owner stops watching the cabin
      And 10 minutes have passed
      Then nothing leaves the car for the cabin view
      And no cabin video and no sound of a call leaves the car

  @XM-05-08
  Rule: Nobody needs to agree only if the car takes nobody to be there

    @XM-05-11
    Scenario: A locked car that sentry watches and that keeps no power on is shown at once
      Given a locked Xiaomi car with the smart camera on
      And the remote real-time view is switched on
      And the sentry mode is switched on
      When the owner asks to see the cabin
      Then within 10 seconds exactly these leave the car for it
        | item                  | recipient | for        | uplink   |
        | cabin video           | Xiaomi    | cabin view | cellular |
        | setting of the stream | Xiaomi    | cabin view | cellular |
      And every transmission is covered by the policy

    @XM-05-07
    Scenario Outline: A <lock> car with sentry <sentry> and the power hold <power> is not shown unasked
      Given a <lock> Xiaomi car with the smart camera on
      And the remote real-time view is switched on
      And the sentry mode is switched <sentry>
      And the parking power hold is switched <power>
      When the owner asks to see the cabin
      And 60 seconds have passed
      Then nothing leaves the car for the cabin view
      And no cabin video leaves the car

      Examples:
        | lock     | sentry | power |
        | unlocked | on     | off   |
        | locked   | off    | off   |
        | locked   | on     | on    |
