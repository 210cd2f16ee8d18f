Feature: Display and cameras
  The head-up display and the cameras that show the driver the surroundings work in the car. Their apps are updated in the maker's
  store, which may learn which head unit asks.

  @XM-22-01 @XM-22-02
  Rule: What they show stays in the car

    Scenario: On a drive with display and cameras neither's content leaves the car
      Given a Xiaomi car with the user experience plan on
      When the head-up display is turned on
      And the cameras show the car all round
      And it is driven for 10 minutes
      Then no head-up display's data and no camera's view for the driver leaves the car
      And every transmission is covered by the policy

  @XM-22-03
  Rule: The store learns which head unit and system ask

    Scenario: Updating an app tells five things, and neither car nor owner
      Given a Xiaomi car with the location permission on
      When 10 minutes have passed
      Then nothing leaves the car for the app updates
      When an app of the car is updated in the store
      Then within 10 seconds exactly these leave the car for it
        | item                             | recipient | for         | uplink   |
        | device id                        | Xiaomi    | app updates | cellular |
        | open anonymous device identifier | Xiaomi    | app updates | cellular |
        | vehicle's model                  | Xiaomi    | app updates | cellular |
      And every transmission is covered by the policy
