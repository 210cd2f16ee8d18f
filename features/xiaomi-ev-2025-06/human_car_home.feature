Feature: Human, car and home
  The house may react to the car: the owner allows it in the maker's app, on the phone. Xiaomi Technology then learns the
  car's running state and a device id, never where the car is; and nothing at all once the owner has ended it.

  @XM-06-11 @XM-06-12
  Rule: The house learns the car's state, not its place

    Scenario: With Mi Home car control on, Xiaomi Technology gets the device id and no place
      Given a Xiaomi car with the Mi Home car control on
      When it is driven for 10 minutes
      Then exactly these leave the car for it
        | item      | recipient         | for                      | uplink   |
        | device id | Xiaomi Technology | human-car-home ecosystem | cellular |
      And every transmission is covered by the policy

  @XM-06-13 @XM-00-07
  Rule: The owner's app ends it

    Scenario: Once the owner has switched it off on the phone, nothing is shared with Xiaomi Technology
      Given a Xiaomi car with the Mi Home car control on
      And it has been driven for 5 minutes
      When the Mi Home car control is switched off
      And it is driven for 10 minutes
      Then nothing leaves the car for the human-car-home ecosystem
      And no phone number and no Android id leaves the phone
      And every transmission is covered by the policy
