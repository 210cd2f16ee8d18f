Feature: Camera and media records
  The camera's pictures stay in the car's media records. A watermark may say where one was taken, and a picture goes to the phone
  when its user sends it there.

  @XM-09-01 @XM-09-02
  Rule: The place is in a picture with the watermark alone, and the picture in the car

    Scenario: A photo tells no place until the watermark is on, and is uploaded either way by nobody
      Given a Xiaomi car with the location permission on
      When a photo is taken
      And 10 seconds have passed
      Then the photo taken by the user is stored in the car
      And no position is stored in the car
      When the camera watermark is switched on
      And a photo is taken
      And 10 seconds have passed
      Then the position is stored in the car
      And everything stored in the car is covered by the policy
      And no photo taken by the user leaves the car
      And nothing leaves the car

  @XM-09-04
  Rule: Without the location permission a watermark has no place

    Scenario: A photo with a watermark and without the permission tells no place
      Given a Xiaomi car with the camera watermark on
      And the location permission is switched off
      When a photo is taken
      And 10 seconds have passed
      Then the photo taken by the user is stored in the car
      And no position is stored in the car

  @XM-09-02 @XM-09-03 @XM-P5-01
  Rule: The phone gets a picture that it is sent

    Scenario: A photo goes to the phone when it is sent, and with access to storage alone
      Given a Xiaomi car with the storage permission on
      When a photo is taken
      And 30 minutes have passed
      Then no photo taken by the user leaves the car
      When the photo is sent to the phone
      Then exactly these leave the car for it
        | item                    | recipient       | for            | uplink    |
        | photo taken by the user | connected phone | media transfer | bluetooth |
      And every transmission is covered by the policy
      When the storage permission is switched off
      And the photo is sent to the phone
      And 60 seconds have passed
      Then no photo taken by the user leaves the car
