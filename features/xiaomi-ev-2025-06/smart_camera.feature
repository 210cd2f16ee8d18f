Feature: Smart camera
  A camera in the cabin can be bound to the car. What it films stays on its own card; the maker learns which camera it is and how
  its card fares, and no more.

  @XM-05-01 @XM-05-04
  Rule: A bound camera says what it is, and shows nothing

    Scenario: Nothing is told of a camera before it is bound, and no picture afterwards
      Given a Xiaomi car with the recording to the camera's card on
      When 30 minutes have passed
      Then nothing leaves the car for the smart camera
      When the smart camera is switched on
      And 30 minutes have passed
      Then exactly these leave the car for it
        | item                 | recipient | for          | uplink   |
        | device's name        | Xiaomi    | smart camera | cellular |
        | storage card's state | Xiaomi    | smart camera | cellular |
      And every transmission is covered by the policy

  @XM-05-02 @XM-05-03 @XM-05-05
  Rule: What is recorded is on the camera's card alone, whatever else was declined

    Scenario: With the remote view declined the card records, keeps it, and forgets it when it is formatted
      Given a Xiaomi car with the smart camera on
      And the recording to the camera's card is switched on
      When 30 minutes have passed
      Then the cabin video is stored in the car
      And everything stored in the car is covered by the policy
      And no cabin video leaves the car
      And every transmission is covered by the policy
      When the recording to the camera's card is switched off
      And the camera's card is formatted
      And 30 minutes have passed
      Then no cabin video is stored in the car
      And no cabin video leaves the car

  @XM-05-10
  Rule: Shut off is off

    Scenario: A camera that is shut off films nothing, for its card or for anybody
      Given a Xiaomi car with the smart camera on
      And the remote real-time view is switched on
      And the camera's shut-off is switched on
      When the recording to the camera's card is switched on
      And the owner asks to see the cabin
      And somebody in the car agrees to be seen
      And 30 minutes have passed
      Then nothing leaves the car for the smart camera
      And nothing leaves the car for the cabin view
      And no cabin video is stored in the car

  @XM-05-12
  Rule: Sharing tells with whom

    Scenario: The co-user's account is told with the sharing, and not once it has ended
      Given a Xiaomi car with the smart camera on
      And the remote real-time view is switched on
      When the camera is shared with a co-user
      Then within 10 seconds exactly these leave the car for it
        | item                 | recipient | for          | uplink   |
        | co-user's account id | Xiaomi    | smart camera | cellular |
        | state of sharing     | Xiaomi    | smart camera | cellular |
      When the sharing of the camera is ended
      And 30 minutes have passed
      Then no co-user's account id leaves the car
      And every transmission is covered by the policy
