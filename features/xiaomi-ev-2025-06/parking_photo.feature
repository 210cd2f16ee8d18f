Feature: Parking photo
  The parked car takes one picture of what surrounds it, so that its owner finds it again in the app.

  @XM-03-01 @XM-03-09
  Rule: The picture is taken in Park, and goes to the owner by way of the maker

    Scenario: The photo of a parked car reaches its owner's app and nobody else's
      Given a Xiaomi car with the parking photo on
      When it is driven for 30 minutes
      Then no parking photo and no video leaves the car
      When it is locked
      Then within 10 seconds exactly these leave the car for it
        | item          | recipient | for           | uplink   |
        | parking photo | Xiaomi    | parking photo | cellular |
      And the owner's app can fetch the parking photo
      And another account's app cannot fetch the parking photo
      And every transmission is covered by the policy

  @XM-03-01
  Rule: Without the switch there is no picture

    Scenario: With the parking photo off a locked car takes none
      Given a Xiaomi car with the parking photo off
      When it is driven for 5 minutes
      And it is locked
      And 10 minutes have passed
      Then no parking photo leaves the car
      And every transmission is covered by the policy

  @XM-03-03
  Rule: Whoever stands round the parked car is not shown

    Scenario: In the photo of a parked car no face can be made out
      Given a Xiaomi car with the parking photo on
      When it is locked
      And 10 seconds have passed
      Then no face can be made out in the parking photo that leaves for the parking photo

  @XM-03-02
  Rule: The picture is there for this lock

    Scenario: Once the car is used again, nobody can get the picture of its last place
      Given a Xiaomi car with the parking photo on
      When it is locked
      And 10 seconds have passed
      Then the owner's app can fetch the parking photo
      When it is unlocked
      And it is driven for 90 seconds
      Then the parking photo can no longer be retrieved, through the app or at its direct address
      And every transmission is covered by the policy
