Feature: Sentry recordings
  Whoever comes near is recorded to the owner's USB stick; the car itself keeps nothing. The stick is read after the fact, as a
  whole, so a recording that nobody meant to be there is found as well.

  @XM-02-03 @XM-02-04 @XM-02-08 @XM-02-17
  Rule: Who only comes near is on the stick, and nowhere else

    Scenario: A person who walks up is recorded to the stick alone
      Given a locked Xiaomi car with the sentry mode on
      And the USB stick is plugged in
      When a person walks up to the car
      And 30 seconds have passed
      And the USB stick is pulled out
      Then exactly these leave the car for it
        | item         | recipient | for         | uplink |
        | sentry video | USB stick | sentry mode | usb    |
      And the sentry video leaves the car for USB stick only
      And no sentry video is stored in the car
      And every transmission is covered by the policy

  @XM-02-05 @XM-02-08
  Rule: The car itself keeps no sentry video

    Scenario: After a danger event the recording is on the stick and none is in the car
      Given a locked Xiaomi car with the sentry mode on
      And the USB stick is plugged in
      When a person strikes the car
      And 60 seconds have passed
      And the USB stick is pulled out
      Then the screen says "Someone came near and struck the car"
      And the sentry video is stored on the USB stick
      And no sentry video is stored in the car
      And everything stored in the car is covered by the policy
      And every transmission is covered by the policy

  @XM-02-01
  Rule: Nothing is recorded unless sentry is on, in Park and locked

    Scenario: With sentry mode off nothing is recorded to the stick
      Given a locked Xiaomi car with the sentry mode off
      And the USB stick is plugged in
      When a person strikes the car
      And 60 seconds have passed
      And the USB stick is pulled out
      Then no sentry video is stored on the USB stick
      And no sentry video is stored in the car
      And no sentry video leaves the car

  @XM-02-16
  Rule: Where the owner wants no sentry, there is none

    Scenario: At home, with home excluded, nobody is recorded
      Given a Xiaomi car with the sentry mode on
      And the USB stick is plugged in
      When the sentry exclusion of home is switched on
      And it is parked at home
      And a person strikes the car
      And 60 seconds have passed
      And the USB stick is pulled out
      Then no sentry video leaves the car
      And no sentry video is stored on the USB stick
      And no sentry video is stored in the car
